"""Clean files through a server: pages (.html) by the pipeline, texts by a stream.

    ./generate && python3 run.py 127.0.0.1:7464 FILE...

WINNOW_TOKEN holds a token, WINNOW_CA, WINNOW_CERT and WINNOW_KEY name files in PEM,
for servers that ask for them.

Every result is checked: the removed texts, put back, must give the input. Exits
with 1 where one does not, or where a document failed.
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

from pipeline import DropItem, WinnowPipeline
from winnow_client import Client, restore, text_document


class Crawler:
    """What a pipeline sees of Scrapy."""

    def __init__(self, settings):
        self.settings = settings


def pages(address, names):
    pipeline = WinnowPipeline.from_crawler(Crawler({"WINNOW_ADDRESS": address, **os.environ}))
    pipeline.open_spider(None)
    failed = 0
    for name in names:
        with open(name, "rb") as f:
            html = f.read()
        try:
            item = pipeline.process_item({"url": "https://news.example/" + name, "html": html}, None)
        except DropItem as e:
            print(e, file=sys.stderr)
            failed += 1
            continue
        print(f"{name}: {item['title']!r}, {len(item['text'])} characters, removed:")
        for r in item["removed"]:
            print(f"  [{r['start']},{r['end']}) {r['category']} {r['mode']} {', '.join(r['rules'])}")
            if r["end"] - r["start"] != len(r["text"]):
                print("  the range has another length than the text", file=sys.stderr)
                failed += 1
    pipeline.close_spider(None)
    return failed


def texts(address, names):
    env = os.environ.get
    client = Client(address, token=env("WINNOW_TOKEN"), ca=env("WINNOW_CA"), cert=env("WINNOW_CERT"), key=env("WINNOW_KEY"))
    sources = []

    def documents():
        for name in names:
            with open(name, "rb") as f:
                sources.append(f.read())
            yield text_document(name, sources[-1])

    failed = 0
    for i, (result, error) in enumerate(client.clean_all(documents())):
        if error:
            print(f"{names[i]}: {error.message}", file=sys.stderr)
            failed += 1
            continue
        print(f"{result.id}: {len(sources[i])} bytes in, {len(result.clean_text)} clean, {len(result.removed)} removed")
        whole = sources[i].decode(errors="replace")
        for r in result.removed:
            cut = whole[r.unit_extracted_range.start:r.unit_extracted_range.end]
            print(f"  {', '.join(r.rules)}: {cut[:60]!r}")
            if cut != r.text.decode(errors="replace"):
                print("  the range in code points is another text", file=sys.stderr)
                failed += 1
        if restore(result) != sources[i]:
            print(f"{result.id}: cannot be put together again", file=sys.stderr)
            failed += 1
    # More at once than a server takes: those that it turns away come again.
    with ThreadPoolExecutor(32) as pool:
        for result in pool.map(lambda i: client.clean(text_document(str(i), "Ferries sail as usual.\n" * 100)), range(200)):
            if result.removed:
                print("a text without furniture lost some", file=sys.stderr)
                failed += 1
    # One that no message can hold costs the stream nothing else.
    three = [text_document("a", "a"), text_document("b", bytes(26 << 20)), text_document("c", "c")]
    said = [error.code if error else result.id for result, error in client.clean_all(three)]
    if said != ["a", 8, "c"]:
        print("a document that is too large:", said, file=sys.stderr)
        failed += 1
    client.close()
    return failed


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    address, names = sys.argv[1], sys.argv[2:]
    html = [n for n in names if n.endswith(".html")]
    failed = pages(address, html) + texts(address, [n for n in names if n not in html])
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
