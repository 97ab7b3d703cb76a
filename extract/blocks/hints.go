package blocks

import "strings"

// Words of a text that hint at what it is for, in groups.
const (
	cueStop uint8 = iota + 1 // function words: prose
	cueShare
	cueComment
	cueRelated
	cueSubscribe
	cueAccount
	cueLegal
	cueShop
	cueMore
	cueAuthor
	cueDate
	cueForum
	cueNav
	cueAd
	cueContact
	cueMedia
	cueReview
	cueSpec
	cueShip
	cueHelp
	nCues
)

// cueNames are the groups' names in explanations.
var cueNames = [nCues]string{"", "function words", "share", "comment", "related", "subscribe", "account", "legal", "shop", "more",
	"author", "date", "forum", "navigation", "advertisement", "contact", "media", "review", "specification", "shipping", "help"}

var cues = cueTable(map[uint8]string{
	cueStop: `the of and a to in is that it for was on with as be at by this are from or have an not but had his they she he her you
	i we my your our their its been has were would will can could which who what when where there if than then them these those
	so because about into after before also any all some how said do does did just only over between during while being
	de la el los las que en un una por con para es se del al no lo como más le les des et est une dans pour qui sur pas au
	der die das und ist nicht ein eine mit den dem von zu auf für im auch sich als wie wird sind
	o os e um uma com não na da do em dos das ao и в не на что с по как это но из у за от для`,
	cueShare:     `share tweet facebook twitter pinterest whatsapp linkedin reddit instagram tiktok telegram youtube pin email print bookmark save copy flipboard follow like likes teilen partager compartir`,
	cueComment:   `comment comments reply replies respond discussion leave kommentare commentaires comentarios`,
	cueRelated:   `related recommended recommend similar popular trending latest recent also next previous prev newer older featured spotlight editors picks viewed`,
	cueSubscribe: `subscribe newsletter newsletters signup inbox subscription subscribers unlimited membership subscriber donate support donation`,
	cueAccount:   `login log sign register account password username logout signin join member profile forgot remember`,
	cueLegal:     `rights reserved copyright privacy policy terms cookie cookies gdpr consent disclaimer trademark trademarks legal conditions accessibility imprint impressum llc inc`,
	cueShop:      `cart add buy checkout wishlist basket quantity qty price sale stock sold usd bag compare shop subtotal order coupon discount off`,
	cueMore:      `more read continue view see show load expand less click here learn explore discover browse open close toggle details`,
	cueAuthor:    `author written writer editor posted published reporter contributor staff byline updated`,
	cueDate: `january february march april june july august september october november december jan feb mar apr jun jul aug sep sept oct nov dec
	monday tuesday wednesday thursday friday saturday sunday ago hours hour minutes mins minute days yesterday today`,
	cueForum:   `post posts thread threads topic topics forum forums quote member joined user users moderator solved views solution accepted votes upvote answers asked edited`,
	cueNav:     `home menu search skip navigation main content back top sitemap index categories category tags tag archive archives filter sort page pages faq breadcrumb contents table jump`,
	cueAd:      `advertisement ad ads sponsored advertising promoted promotion affiliate commission`,
	cueContact: `contact phone tel fax address call email hours location directions map office`,
	cueMedia:   `photo image images getty credit video watch listen podcast audio gallery caption play slideshow slide courtesy`,
	cueReview:  `review reviews rating ratings stars star rated verified helpful customer customers`,
	cueSpec:    `size color colour weight material dimensions features description specifications specs model brand warranty width height length sku item`,
	cueShip:    `shipping delivery returns return refund free ships pickup deliver delivered`,
	cueHelp:    `help support feedback report problem improve useful was edit github issue docs documentation version`,
})

func cueTable(groups map[uint8]string) map[string]uint8 {
	t := map[string]uint8{}
	for c := uint8(1); c < nCues; c++ {
		for _, w := range strings.Fields(groups[c]) {
			if t[w] == 0 {
				t[w] = c
			}
		}
	}
	return t
}

// Words in the names (class, id, role, itemprop) and tags of elements that hint
// at what they hold, in groups. A group that ends in "=" is matched in the
// middle of words too.
var nameGroups = []struct{ name, words string }{
	{"article", "article articles story storytext storybody articlebody hentry h-entry newsarticle blogposting"},
	{"post", "post posts postbody blogpost blog entry"},
	{"content", "content contents contentbody maincontent"},
	{"body", "body text txt copy prose richtext rich wysiwyg rte editor markdown paragraph paragraphs"},
	{"main", "main primary center central"},
	{"comment", "comment comments commentlist disqus replies reply respond discussion commenter"},
	{"share", "share sharing social sharebar addthis sharedaddy socials tweet facebook twitter follow"},
	{"related", "related recommended recommendations recommend recirc similar suggested suggestions outbrain taboola upsell crosssell more readmore readnext trending popular mostread latest recent promoted also"},
	{"sidebar", "sidebar side rail aside secondary rightcol leftcol sidenav"},
	{"nav", "nav navigation navbar menu menus submenu breadcrumb breadcrumbs crumbs topnav mainnav tabs tab tablist toolbar megamenu dropdown mega flyout drawer offcanvas hamburger"},
	{"footer", "footer foot contentinfo colophon bottom subfooter copyright legal"},
	{"header", "header head masthead banner topbar top hero subheader"},
	{"ad", "ad ads advert advertisement advertising adsense dfp gpt sponsor sponsored promo promotion promos banner2"},
	{"newsletter", "newsletter subscribe subscription signup optin mailchimp mc email paywall piano"},
	{"cookie", "cookie cookies consent gdpr onetrust privacy cmp"},
	{"modal", "modal popup overlay dialog lightbox toast tooltip popover"},
	{"meta", "meta metadata info details byline author authors bio dateline date time timestamp published posted publish credit"},
	{"author", "author authors bio byline contributor avatar profile user username userinfo poster postauthor member"},
	{"caption", "caption captions figcaption wp-caption-text credit figure gallery image images img photo picture media slideshow slide carousel slider swiper slick thumbnail thumb thumbs"},
	{"video", "video player youtube vimeo audio podcast jwplayer"},
	{"title", "title headline heading name subject"},
	{"summary", "summary excerpt teaser intro lead lede standfirst dek subtitle subheading deck abstract description desc subhead"},
	{"list", "list listing listings lists items results result feed stream archive"},
	{"item", "item tile card cards teaser row entry product-card productcard grid-item li"},
	{"grid", "grid masonry columns column col flex"},
	{"product", "product products productdetail pdp productinfo"},
	{"price", "price prices pricing cost amount money sale discount"},
	{"cart", "cart basket checkout addtocart buy buybox purchase quantity qty wishlist minicart variant variants swatch swatches option options"},
	{"review", "review reviews rating ratings stars yotpo bazaarvoice testimonial testimonials trustpilot"},
	{"spec", "spec specs specification specifications attributes properties features feature benefits tech dimensions"},
	{"description", "description productdescription longdescription overview about"},
	{"faq", "faq faqs accordion accordions question answer questions answers collapse collapsible toggle expandable panel"},
	{"search", "search searchbox searchform query autocomplete facet facets filter filters sort refine sorting filtering"},
	{"form", "form field input label login signin register account captcha newsletterform"},
	{"button", "btn button buttons cta action actions link links"},
	{"toc", "toc tableofcontents contents outline onthispage"},
	{"pagination", "pagination pager paging pagenav nextprev prevnext next previous prev page-numbers"},
	{"tag", "tag tags tagcloud category categories topic topics cat keywords chip chips badge badges label"},
	{"widget", "widget widgets block module component"},
	{"section", "section container wrapper wrap inner region area"},
	{"forum", "forum thread threads topic message messages postbit postcontent bbwrapper cooked postmessage post_message messagecontent bbcodeblock bbcode"},
	{"signature", "signature sig usertitle userdetails joined"},
	{"quote", "quote blockquote pullquote quoted bbcodeblock--quote"},
	{"docs", "docs doc documentation document md-content markdown-body theme-doc rst sphinx reference api wiki mw-parser-output mediawiki"},
	{"code", "code highlight pre syntax codeblock hljs snippet"},
	{"edit", "edit editlink editsection headerlink anchor permalink feedback helpful vote votes voting"},
	{"hidden", "hidden hide sr-only screen-reader visually-hidden visuallyhidden screenreader sr offscreen invisible none assistive accessibility skip skiplink noprint print"},
	{"notice", "notice alert warning message disclaimer note banner announcement"},
	{"table", "table tbl data infobox navbox"},
	{"contact", "contact address phone map location store hours"},
	{"team", "team staff people partner partners client clients logo logos brand brands"},
	{"shipping", "shipping delivery returns policy policies terms warranty guarantee"},
	{"cms", "elementor wp wordpress shopify shortcode vc et_pb fl wpb sqs squarespace wix webflow w"},
	{"prop:articlebody", "p:articlebody p:text p:reviewbody"},
	{"prop:description", "p:description p:about"},
	{"prop:name", "p:name p:headline p:title"},
	{"prop:author", "p:author p:creator p:publisher p:datepublished p:datecreated p:image"},
	{"prop:comment", "p:comment p:review p:aggregaterating p:ratingvalue p:usercomments"},
	{"prop:offers", "p:offers p:price p:sku p:brand p:itemlistelement p:item"},
}

const nNames = 60

// nameParts maps a word in an element's names to its groups, as bits.
var nameWords = func() map[string]uint64 {
	if len(nameGroups) > nNames {
		panic("blocks: too many groups of names")
	}
	t := map[string]uint64{}
	for i, g := range nameGroups {
		for _, w := range strings.Fields(g.words) {
			t[w] |= 1 << i
		}
	}
	return t
}()

// stems are found within longer words.
var stems = []struct{ stem, word string }{
	{"comment", "comment"}, {"sidebar", "sidebar"}, {"footer", "footer"}, {"related", "related"}, {"recommend", "recommended"},
	{"article", "article"}, {"content", "content"}, {"product", "product"}, {"newsletter", "newsletter"}, {"breadcrumb", "breadcrumb"},
	{"social", "social"}, {"share", "share"}, {"review", "review"}, {"caption", "caption"}, {"carousel", "carousel"},
	{"cookie", "cookie"}, {"nav", "nav"}, {"menu", "menu"}, {"promo", "promo"}, {"sponsor", "sponsor"}, {"title", "title"},
	{"description", "description"}, {"author", "author"}, {"header", "header"}, {"body", "body"}, {"post", "post"}, {"forum", "forum"},
	{"price", "price"}, {"cart", "cart"}, {"accordion", "accordion"}, {"hidden", "hidden"}, {"card", "card"}, {"item", "item"},
	{"list", "list"}, {"grid", "grid"}, {"button", "button"}, {"modal", "modal"}, {"text", "text"}, {"message", "message"},
}

// nameBits returns the groups of the words in a class or id.
func nameBits(s string) uint64 {
	var bits uint64
	var low [40]byte
	n := 0
	flush := func() {
		if n < 2 {
			n = 0
			return
		}
		w := low[:n]
		if b, ok := nameWords[string(w)]; ok {
			bits |= b
		} else if n > 4 {
			for _, st := range stems {
				if len(st.stem) < n && strings.Contains(string(w), st.stem) {
					bits |= nameWords[st.word]
				}
			}
		}
		n = 0
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z':
		case 'A' <= c && c <= 'Z':
			if i > 0 && 'a' <= s[i-1] && s[i-1] <= 'z' {
				flush()
			}
			c += 'a' - 'A'
		default:
			flush()
			continue
		}
		if n == len(low) {
			flush()
		}
		low[n] = c
		n++
	}
	flush()
	return bits
}

// propBits returns the groups of an itemprop.
func propBits(s string) uint64 {
	var bits uint64
	for _, w := range strings.Fields(s) {
		bits |= nameWords["p:"+strings.ToLower(w)]
	}
	return bits
}

// Words in addresses and types that hint at the kind of page.
var pageGroups = []struct{ name, words string }{
	{"article", "article articles news story stories blog blogs post posts magazine opinion features press journal newsarticle blogposting analysisnewsarticle reportagenewsarticle liveblogposting techarticle scholarlyarticle recipe recipes review reviews"},
	{"forum", "forum forums thread threads topic viewtopic showthread discussion discussions community communities t questions question answers comments r discussionforumposting qapage discourse xenforo vbulletin phpbb flarum"},
	{"product", "product products p dp itm item shop store pd prod sku productgroup individualproduct"},
	{"collection", "collection collections category categories c cat plp catalog browse collectionpage itemlist productcollection department"},
	{"docs", "docs doc documentation reference api manual guide guides tutorial tutorials wiki help learn handbook developer sphinx docusaurus mkdocs gitbook en-us latest stable mediawiki"},
	{"service", "service services about about-us solutions company pricing platform contact careers features consulting software localbusiness organization service professionalservice faqpage webpage aboutpage"},
	{"listing", "listing listings search results directory tag tags archive archives topics author list best top jobs events searchresultspage profilepage blog"},
	{"website", "website webpage home"},
	{"shopify", "shopify woocommerce magento bigcommerce prestashop"},
	{"wordpress", "wordpress elementor"},
}

var pageWords = func() map[string]uint32 {
	t := map[string]uint32{}
	for i, g := range pageGroups {
		for _, w := range strings.Fields(g.words) {
			t[w] |= 1 << i
		}
	}
	return t
}()

// pageBits returns the groups of the words of an address or type.
func pageBits(s string) uint32 {
	var bits uint32
	for _, w := range strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	}) {
		bits |= pageWords[w]
		for _, part := range strings.Split(w, "-") {
			if len(part) > 4 {
				bits |= pageWords[part]
			}
		}
	}
	return bits
}
