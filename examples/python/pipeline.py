"""An item pipeline for Scrapy that sends every page through winnow.

In the project's settings:

    ITEM_PIPELINES = {"pipeline.WinnowPipeline": 300}
    WINNOW_ADDRESS = "127.0.0.1:7464"
    WINNOW_TOKEN, WINNOW_CA, WINNOW_CERT, WINNOW_KEY  # where the server asks for them

An item needs `html` (response.body, bytes) and `url`, and gets `text`, `title`
and `removed`: a list of dicts with start, end, text, rules, category and mode.
start and end count code points of the article as it was extracted.
"""

import grpc

from winnow_client import Client, asks_to_retry, html_document, options_pb2, result_pb2

try:
    from scrapy.exceptions import DropItem
except ImportError:  # so that the pipeline can be tried without Scrapy

    class DropItem(Exception):
        pass


class WinnowPipeline:
    def __init__(self, address, **access):
        self.address, self.access = address, access

    @classmethod
    def from_crawler(cls, crawler):
        get = crawler.settings.get
        return cls(get("WINNOW_ADDRESS", "127.0.0.1:7464"), token=get("WINNOW_TOKEN"), ca=get("WINNOW_CA"), cert=get("WINNOW_CERT"), key=get("WINNOW_KEY"))

    def open_spider(self, spider):
        self.client = Client(self.address, **self.access)

    def close_spider(self, spider):
        self.client.close()

    def process_item(self, item, spider):
        document = html_document(item["url"], item["html"], url=item["url"], content_type=item.get("content_type", ""))
        try:
            result = self.client.clean(document)
        except grpc.RpcError as e:
            if not asks_to_retry(e) and e.code() in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.RESOURCE_EXHAUSTED):
                raise DropItem(f"{item['url']}: {e.details()}")
            raise
        if any(w.code == "NO_ARTICLE" for w in result.warnings):
            raise DropItem(f"{item['url']}: no article")
        item["title"] = result.metadata.title
        item["text"] = result.clean_text.decode()
        item["removed"] = [
            {
                "start": r.unit_extracted_range.start,
                "end": r.unit_extracted_range.end,
                "text": r.text.decode(),
                "rules": list(r.rules),
                "category": name(options_pb2.Category, r.category, "CATEGORY_"),
                "mode": name(result_pb2.Mode, r.mode, "MODE_"),
            }
            for r in result.removed
        ]
        return item


def name(enum, value, prefix):
    return enum.Name(value)[len(prefix):].lower()
