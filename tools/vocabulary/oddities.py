"""Entries that the vocabulary of edge cases adds to the usual one: many scripts, long and escaped texts, odd properties."""

from mockserver.world.model.vocabulary import Acquisition, Action, Agent, Place

# fmt: off
PLACES = tuple(Place(*row) for row in (  # zones of a quarter and a half hour, and a name of 58 letters
    ("NP", "Nepal", "NP-P3", "Bagmati", "Kathmandu", 27.7172, 85.3240, "Asia/Kathmandu", "ne-NP", 20),
    ("CA", "Canada", "CA-NL", "Newfoundland and Labrador", "St. John's", 47.5615, -52.7126, "America/St_Johns", "en-CA", 20),
    ("NZ", "New Zealand", "NZ-CIT", "Chatham Islands Territory", "Waitangi", -43.9535, -176.5597, "Pacific/Chatham", "mi-NZ", 20),
    ("GB", "United Kingdom", "GB-WLS", "Wales", "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch", 53.2230, -4.2000, "Europe/London", "cy-GB", 20),
))
AGENTS = tuple(Agent(*row) for row in (
    ("mobile", "Android", "12", "Chrome", "131", 280, 653, 20),
    ("desktop", "Linux", "", "Firefox", "133", 7680, 4320, 20),
))
ACQUISITIONS = tuple(Acquisition(*row) for row in (
    ("Email", "", "bülten ✉️", "email", "حملة الربيع", "a+b&c=d", '50% [off] "today"', 60),
    ("Paid Search", "https://www.google.com/", "Google", "CPC", "春のキャンペーン🌸", "c++ \\ c#", "x" * 255, 60),
    ("Referral", "https://xn--bcher-kva.example/%D8%A8%D8%AD%D8%AB?q=a%26b&p[]=1#frag=" + "r" * 900, "", "", "", "", "", 60),
))

_LONG_TEXT = "Lorem ipsum – ελληνικά – עברית 🧪 " * 28
ACTIONS = {
    "odd_null": Action("custom_event", "null_properties", {"nothing": None, "empty": "", "none": [], "bare": {}, "zero": 0, "no": False}),
    "odd_unicode": Action("custom_event", "購入 🛒 شراء", {"価格": 4950, "اسم": "قهوة ☕", "e\u0301moji 👩‍💻": "👨‍👩‍👧‍👦", "a.b": 1, "$c": 2, " ": 3}),
    "odd_long": Action("custom_event", "n" * 255, {"text": _LONG_TEXT, "k" * 255: "v"}),
    "odd_deep": Action("custom_event", "deep", {"a": {"b": {"c": {"d": [[1, [2.5, [None, True]]], {"e": "f"}]}}}, "big": 2**53 - 1, "small": -1e-07}),
    "odd_outbound": Action("outbound", "", {"url": "https://xn--r8jz45g.example/?u=https%3A%2F%2Fa.example%2F%3Fb%3D1&c[]=" + "9" * 900, "text": "قراءة «المزيد» ➡️"}),
    "odd_error": Action("error", "Ошибка", {"message": 'line one\nline two\t"quoted" \\ <b>&amp;</b>\u2028', "fileName": "webpack:///./src/ñandú.tsx?a=1&b=2", "lineNumber": 0}),
}

WEIGHT = 30
LINKS = "@odd @odd @odd @odd @post @product / /"
PAGE_ACTIONS = "odd_null odd_unicode odd_error"
"""The first three actions of each odd page; the fourth is the next of `ACTIONS`, in turn."""
PAGES = (  # path, title, querystring; the two long ones stay near the 2,048 characters that browsers once shared
    (("/archive" + "/a-rather-long-segment" * 100)[:1990], "T" * 512, ""),
    ("/" + "%E2%98%95" * 227, "☕" * 120, ""),
    ("/report", "Report \"with\" 'quotes' & <tags>", ("?ids=" + "1024," * 420)[: 2048 - len("/report")]),
    ("/caf%C3%A9/%D9%82%D9%87%D9%88%D8%A9", "قهوة عربية ☕ – Café", ""),
    ("/%E6%97%A5%E6%9C%AC%E8%AA%9E/%E8%A3%BD%E5%93%81", "日本語の製品ページ 🗾", "?%E8%89%B2=%E8%B5%A4"),
    ("/he/%D7%A9%D7%9C%D7%95%D7%9D", "שלום עולם (123) \u202bRTL\u202c", ""),
    ("/a%2Fb/100%25/%20%2B%3F%23", "Escapes: a/b 100% +?#", ""),
    ("//double//slash/", "", ""),
    ("/UPPER/Case;v=1/~user/(x)/it's", "Cafe\u0301 vs Café \U0001f9d1\u200d\U0001f680", ""),
    ("/list", "Filters", "?filter[price][]=10&filter[price][]=20&sort=-date"),
    ("/list", "Signs", "?a=b=c&d=1+1%2B1&&e=&flag&=x&a=2"),
    ("/list", "Redirect", "?next=https%3A%2F%2Fshop.example%2F%3Fa%3D1%26b%3D%5B2%5D"),
)

GIVEN_NAMES = (
    *("X", "Æ", "李", "D'Arcy", "Noe\u0308l", "Noël", 'Ann "Annie" Lee', "Jean-Luc Marie", "Zoë 🦄", "👩‍💻", "Z\u0351\u036b\u0343a\u0334\u0321l\u0338g\u030d\u0301o"),
    *("  Spaced  ", "null", "<i>Ida</i>", "a\\b", "محمد Sam", "\u202eresrever", "نور\u200cا", "ß", "İrem", "Maximiliana" * 20),
)
FAMILY_NAMES = (
    *("O", "O'Neil", "O\u2019Hara", "d'Été", "van der 'Berg'", 'Mc"Quote', "Null", "N/A", "undefined", "0", "Ng", "Müller-Lüdenscheidt-Groß"),
    *("Robert'); --", "&amp;", "%s", "बरुआ\u200dक", "ﬁsher", "Ñandú 🐦", "עם־עם", "ابن-سينا", "Featherstonehaugh-" * 12 + "Smith"),
)
MAIL_DOMAINS = ("mail.example", "post.test", "xn--bcher-kva.example")
SITE_NAMES = ("x", "0-0", "xn--bcher-kva", "long-" * 12 + "one")
PLANS = ("Pro+ ✨", 'team "50%" / année')
TAGS = ("naïve", "バグ", "وسم", "a,b;c", "#1 & <2>", "🧪" * 10)
# fmt: on
