"""Headers: our fields, the words for them in four languages, and which kind of table has which.

A header is compared after folding: case, accents and punctuation do not count and "invoiceNumber" is
"invoice number". Within one kind of table no word stands for two fields, so a header is either
known or it is not; that two columns of a table mean the same field is for the mapping to report.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Final, NamedTuple

CUSTOMERS: Final = "customers"
INVOICES: Final = "invoices"
RECEIPTS: Final = "receipts"
BALANCES: Final = "balances"
IGNORE: Final = "ignore"

KINDS: Final = (CUSTOMERS, INVOICES, RECEIPTS, BALANCES)

TEXT: Final = "text"
DATE: Final = "date"
AMOUNT: Final = "amount"
FLAG: Final = "yes or no"


class Field(NamedTuple):
    """One thing that a column can hold.

    Attributes:
      type: TEXT, DATE, AMOUNT or FLAG.
      about: What it is, for the documentation.
      key: The metadata key under which the ledger has it; "" when it becomes something else.
    """

    type: str
    about: str
    key: str = ""


FIELDS: Final[Mapping[str, Field]] = {
    "customer": Field(TEXT, "the customer's code; the name, where there is no code"),
    "name": Field(TEXT, "what the customer is called", "name"),
    "account": Field(TEXT, "the customer's ledger account, or the last part of it"),
    "number": Field(TEXT, "the number of the document"),
    "date": Field(DATE, "the date of the document"),
    "due": Field(DATE, "when it is due", "due"),
    "amount": Field(AMOUNT, "the amount; for balances, what is still open"),
    "currency": Field(TEXT, "the currency, as a code of ISO 4217"),
    "terms": Field(TEXT, "the payment terms", "terms"),
    "description": Field(TEXT, "what it is for"),
    "reference": Field(TEXT, "the customer's reference", "reference"),
    "contract": Field(TEXT, "the number of the contract", "contract"),
    "settled_on": Field(DATE, "the day on which the invoice was paid"),
    "paid_amount": Field(AMOUNT, "how much of it was paid; without it, all"),
    "disputed": Field(FLAG, "whether the customer disputes it"),
    "disputed_on": Field(DATE, "since when; without it, the date of the document"),
    "disputed_amount": Field(AMOUNT, "how much of it; without it, all"),
    "dispute_reason": Field(TEXT, "why", "reason"),
    "settles": Field(TEXT, "the number of the invoice that is settled; several with commas between them"),
    "opening": Field(DATE, "the day on which the balances were taken"),
    "entity": Field(TEXT, "our company or branch", "entity"),
    "collector": Field(TEXT, "who collects", "collector"),
    "email": Field(TEXT, "where letters go", "email"),
    "tax_id": Field(TEXT, "the customer's tax number", "tax-id"),
    "language": Field(TEXT, "the language of letters", "language"),
    "credit_limit": Field(AMOUNT, "how much the customer may owe", "credit-limit"),
}
"""Every field by the name that the mapping uses."""

CUSTOMER_WORDS: Final = ("name", "email", "tax_id", "language", "collector", "entity")
"""What is about the customer, even where a table of documents says it."""

_CUSTOMER = (
    "customer", "customer id", "customer code", "customer no", "customer number", "cust id", "cust no",
    "cust code", "customer key", "client", "client id", "client code", "client no", "client number",
    "debtor", "debtor id", "debtor code", "debtor no", "buyer", "bill to", "sold to",
    "khach hang", "ma khach hang", "ma kh", "ma so khach hang", "ma doi tuong",
    "客户", "客户编号", "客户编码", "客户代码", "客户号", "顾客", "客户id",
    "العميل", "رقم العميل", "كود العميل", "رمز العميل", "الزبون",
)  # fmt: skip
_NAME = (
    "name", "customer name", "client name", "debtor name", "company", "company name", "buyer name",
    "ten khach hang", "ten kh", "ten cong ty", "ten doi tuong", "ten nguoi mua", "ten don vi",
    "客户名称", "客户名", "公司名称", "名称", "单位名称", "购买方名称", "购方名称",
    "اسم العميل", "الاسم", "اسم الشركة",
)  # fmt: skip
_ACCOUNT = ("ledger account", "beancount account", "receivable account", "ar account", "tai khoan phai thu")
_INVOICE_NUMBER = (
    "number", "invoice", "invoice number", "invoice no", "invoice id", "invoice num", "invoice nr", "inv no",
    "inv number", "inv num", "document no", "document number", "document id", "doc no", "doc number",
    "bill no", "bill number",
    "so hoa don", "so hd", "hoa don", "so chung tu", "so ct", "ma hoa don",
    "发票", "发票号码", "发票号", "发票编号", "单据编号", "单据号", "单号",
    "رقم الفاتورة", "الفاتورة", "فاتورة", "رقم المستند",
)  # fmt: skip
_INVOICE_DATE = (
    "date", "invoice date", "inv date", "document date", "doc date", "issue date", "issued", "issued on",
    "date issued", "bill date", "billing date",
    "ngay", "ngay hoa don", "ngay hd", "ngay chung tu", "ngay ct", "ngay lap", "ngay phat hanh",
    "日期", "开票日期", "发票日期", "单据日期",
    "التاريخ", "تاريخ الفاتورة", "تاريخ المستند", "تاريخ الاصدار",
)  # fmt: skip
_DUE = (
    "due", "due date", "due on", "date due", "payment due", "payment due date", "maturity", "maturity date",
    "net due date",
    "ngay den han", "den han", "ngay toi han", "han thanh toan", "han tt", "han tra",
    "到期日", "到期日期", "付款到期日", "应付款日",
    "تاريخ الاستحقاق", "الاستحقاق",
)  # fmt: skip
_AMOUNT = (
    "amount", "invoice amount", "inv amount", "total", "total amount", "amount total", "invoice total",
    "gross amount", "invoice value", "bill amount",
    "so tien", "tong tien", "thanh tien", "tong cong", "tong thanh toan", "tong tien thanh toan", "tri gia",
    "金额", "发票金额", "价税合计", "总金额", "合计", "总额",
    "المبلغ", "مبلغ الفاتورة", "الاجمالي", "اجمالي الفاتورة", "اجمالي المبلغ", "القيمة",
)  # fmt: skip
_OPEN_AMOUNT = (
    "balance", "open amount", "outstanding", "outstanding amount", "amount outstanding", "amount due",
    "balance due", "open balance", "opening balance", "remaining", "remaining amount", "amount open",
    "so du", "so du dau ky", "con lai", "so con lai", "so tien con lai", "con phai thu", "du no", "con no",
    "余额", "期初余额", "未付金额", "未收金额", "应收余额", "欠款", "未核销金额",
    "الرصيد", "المتبقي", "المبلغ المتبقي", "الرصيد الافتتاحي", "الرصيد المستحق", "المبلغ المستحق",
)  # fmt: skip
_CURRENCY = (
    "currency", "currency code", "ccy", "cur", "curr",
    "loai tien", "tien te", "don vi tien te", "nguyen te", "ma tien te", "loai tien te",
    "币种", "货币", "币别", "العملة", "عملة",
)  # fmt: skip
_TERMS = (
    "terms", "term", "payment terms", "payment term", "credit terms", "terms of payment",
    "dieu khoan", "dieu khoan thanh toan", "付款条件", "账期", "شروط الدفع", "شروط السداد",
)  # fmt: skip
_DESCRIPTION = (
    "description", "memo", "narration", "details", "text", "subject",
    "dien giai", "mo ta", "noi dung", "摘要", "描述", "说明", "البيان", "الوصف",
)  # fmt: skip
_REFERENCE = (
    "reference", "ref", "customer reference", "your reference", "so tham chieu",
    "tham chieu", "参考号", "المرجع",
)  # fmt: skip
_CONTRACT = (
    "contract", "contract no", "contract number", "so hop dong", "hop dong",
    "合同号", "合同编号", "رقم العقد",
)  # fmt: skip
_SETTLED_ON = (
    "settled on", "settled date", "settlement date", "date settled", "paid on", "paid date", "date paid",
    "payment date", "clearing date", "cleared on", "receipt date",
    "ngay thanh toan", "ngay tra", "ngay tra tien", "ngay thu tien", "ngay thu",
    "结清日期", "付款日期", "收款日期", "核销日期",
    "تاريخ السداد", "تاريخ الدفع", "تاريخ التحصيل",
)  # fmt: skip
_PAID_AMOUNT = (
    "paid", "paid amount", "amount paid", "settled amount", "amount settled", "amount received", "received",
    "da thanh toan", "so tien da thanh toan", "da thu", "so tien da thu", "da tra", "so tien da tra",
    "已付金额", "已付", "已收金额", "已收", "收款金额",
    "المدفوع", "المبلغ المدفوع", "المسدد", "المبلغ المسدد",
)  # fmt: skip
_DISPUTED = (
    "disputed", "in dispute", "dispute", "is disputed", "tranh chap", "khieu nai",
    "争议", "有争议", "是否争议",
    "نزاع", "متنازع عليه", "اعتراض",
)  # fmt: skip
_DISPUTED_ON = (
    "disputed on",
    "dispute date",
    "disputed date",
    "ngay khieu nai",
    "争议日期",
    "تاريخ الاعتراض",
)
_DISPUTED_AMOUNT = (
    "disputed amount",
    "dispute amount",
    "so tien khieu nai",
    "争议金额",
    "المبلغ المتنازع عليه",
)
_DISPUTE_REASON = (
    "dispute reason", "reason for dispute", "ly do khieu nai", "ly do tranh chap", "争议原因", "سبب الاعتراض",
)  # fmt: skip
_ENTITY = ("entity", "legal entity", "phap nhan", "法人", "主体", "الكيان")
_COLLECTOR = (
    "collector", "credit controller", "nhan vien phu trach", "nhan vien phu trach cong no",
    "nhan vien thu no", "nguoi phu trach", "催收专员", "مسؤول التحصيل",
)  # fmt: skip
_EMAIL = (
    "email", "e mail", "email address", "mail", "dia chi email", "thu dien tu",
    "邮箱", "电子邮件", "电子邮箱",
    "البريد الالكتروني", "البريد",
)  # fmt: skip
_TAX_ID = (
    "tax id", "tax code", "tax number", "tax no", "vat number", "vat id", "vat no", "vat registration number",
    "tin", "ma so thue", "mst", "税号", "纳税人识别号",
    "统一社会信用代码", "الرقم الضريبي", "رقم التسجيل الضريبي",
)  # fmt: skip
_LANGUAGE = ("language", "lang", "ngon ngu", "语言", "اللغة")
_CREDIT_LIMIT = ("credit limit", "han muc tin dung", "han muc", "信用额度", "حد الائتمان")
_RECEIPT_NUMBER = (
    "number", "receipt", "receipt no", "receipt number", "receipt id",
    "payment no", "payment number", "payment id",
    "voucher no", "voucher number",
    "so phieu thu", "phieu thu", "so chung tu", "so ct", "so phieu",
    "收款单号", "收款编号", "凭证号", "单号", "رقم سند القبض", "رقم الايصال", "رقم السند",
)  # fmt: skip
_RECEIPT_DATE = (
    "date", "receipt date", "payment date", "paid on", "paid date",
    "date paid", "received on", "date received",
    "received date", "settled date", "settlement date",
    "ngay", "ngay thu", "ngay thu tien", "ngay thanh toan", "ngay chung tu", "ngay ct",
    "日期", "收款日期", "付款日期", "到账日期",
    "التاريخ", "تاريخ القبض", "تاريخ الدفع", "تاريخ السداد", "تاريخ التحصيل",
)  # fmt: skip
_RECEIPT_AMOUNT = (
    "amount", "receipt amount", "payment amount", "amount received", "received",
    "amount paid", "paid amount", "paid",
    "so tien", "so tien thu", "so tien thanh toan", "da thu",
    "金额", "收款金额", "付款金额", "到账金额",
    "المبلغ", "المبلغ المستلم", "المبلغ المدفوع", "مبلغ الدفع",
)  # fmt: skip
_SETTLES = (
    "settles", "invoice", "invoices", "invoice no", "invoice number", "invoice id", "inv no", "applied to",
    "applied invoice", "for invoice", "against invoice", "paid invoice",
    "so hoa don", "so hd", "hoa don", "thanh toan cho hoa don",
    "发票", "发票号码", "发票号", "发票编号", "对应发票", "رقم الفاتورة", "الفاتورة", "فاتورة",
)  # fmt: skip
_OPENING = (
    "as of",
    "as of date",
    "balance date",
    "opening date",
    "tinh den ngay",
    "截至日期",
    "截至",
    "حتى تاريخ",
)

_PARTY: Final[Mapping[str, tuple[str, ...]]] = {
    "customer": _CUSTOMER,
    "name": _NAME,
    "account": _ACCOUNT,
    "currency": _CURRENCY,
    "terms": _TERMS,
    "entity": _ENTITY,
    "collector": _COLLECTOR,
    "email": _EMAIL,
    "tax_id": _TAX_ID,
    "language": _LANGUAGE,
}

SYNONYMS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    CUSTOMERS: {**_PARTY, "credit_limit": _CREDIT_LIMIT},
    INVOICES: {
        **_PARTY,
        "number": _INVOICE_NUMBER,
        "date": _INVOICE_DATE,
        "due": _DUE,
        "amount": _AMOUNT,
        "description": _DESCRIPTION,
        "reference": _REFERENCE,
        "contract": _CONTRACT,
        "settled_on": _SETTLED_ON,
        "paid_amount": _PAID_AMOUNT,
        "disputed": _DISPUTED,
        "disputed_on": _DISPUTED_ON,
        "disputed_amount": _DISPUTED_AMOUNT,
        "dispute_reason": _DISPUTE_REASON,
    },
    RECEIPTS: {
        "customer": _CUSTOMER,
        "name": _NAME,
        "number": _RECEIPT_NUMBER,
        "date": _RECEIPT_DATE,
        "amount": _RECEIPT_AMOUNT,
        "currency": _CURRENCY,
        "settles": _SETTLES,
        "description": _DESCRIPTION,
        "reference": _REFERENCE,
    },
    BALANCES: {
        **_PARTY,
        "number": _INVOICE_NUMBER,
        "date": _INVOICE_DATE,
        "due": _DUE,
        "amount": _OPEN_AMOUNT,
        "description": _DESCRIPTION,
        "reference": _REFERENCE,
        "contract": _CONTRACT,
        "disputed": _DISPUTED,
        "disputed_on": _DISPUTED_ON,
        "disputed_amount": _DISPUTED_AMOUNT,
        "dispute_reason": _DISPUTE_REASON,
        "opening": _OPENING,
    },
}
"""Kind of table → field → the headers that mean it."""

FALLBACKS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {BALANCES: {"amount": _AMOUNT}}
"""Words that count only where none of the field's own does, and never tell the kind."""

REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    CUSTOMERS: ("customer",),
    INVOICES: ("customer", "date", "amount"),
    RECEIPTS: ("date", "amount"),
    BALANCES: ("customer", "amount"),
}
"""The columns without which a table cannot be read; a receipt also needs a customer or `settles`."""

KIND_WORDS: Final[Mapping[str, frozenset[str]]] = {
    CUSTOMERS: frozenset(
        {"customer", "customers", "client", "clients", "debtors", "khach hang", "客户", "العملاء", "عملاء"}
    ),
    INVOICES: frozenset({"invoice", "invoices", "sales", "hoa don", "发票", "فواتير", "الفواتير"}),
    RECEIPTS: frozenset(
        {"receipt", "receipts", "payment", "payments", "collections", "phieu thu", "thu tien",
         "thanh toan", "收款", "付款", "المقبوضات", "المدفوعات", "مقبوضات", "مدفوعات"}
    ),
    BALANCES: frozenset(
        {"balance", "balances", "open items", "open balances", "opening", "cong no",
         "so du", "余额", "الارصدة"}
    ),
}  # fmt: skip
"""Words in a file's or sheet's name that tell its kind where the columns leave several."""

TOTAL_WORDS: Final = frozenset(
    {
        "total",
        "totals",
        "grand total",
        "sum",
        "tong",
        "tong cong",
        "cong",
        "合计",
        "总计",
        "小计",
        "الاجمالي",
        "المجموع",
    }
)
"""How the row of totals below a table begins."""

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOT_A_WORD = re.compile(r"[\W_]+")
_PARENTHESIS = re.compile(r"[(\[（【].*?[)\]）】]")
_REPEATED = re.compile(r" \(\d+\)$")


def folded(header: str) -> str:
    """A header as it is compared: lower case words without accents and punctuation.

    >>> folded("invoiceNumber"), folded("Số hóa đơn"), folded("INVOICE_NO."), folded("أجمالي")
    ('invoice number', 'so hoa don', 'invoice no', 'اجمالي')
    """
    spaced = _CAMEL.sub(" ", header)
    plain = unicodedata.normalize("NFKD", spaced.replace("đ", "d").replace("Đ", "D")).casefold()
    letters = "".join(character for character in plain if not unicodedata.combining(character))
    return unicodedata.normalize("NFC", " ".join(_NOT_A_WORD.sub(" ", letters.replace("ـ", "")).split()))


def folded_forms(header: str) -> tuple[str, ...]:
    """The header folded; also without what stands in parentheses.

    >>> folded_forms("Amount (USD)")
    ('amount usd', 'amount')
    """
    plain = folded(header)
    bare = folded(_PARENTHESIS.sub(" ", _REPEATED.sub("", header)))
    return (plain,) if bare in (plain, "") else (plain, bare)


@cache
def fields_of(kind: str) -> Mapping[str, str]:
    """The folded header → the field that it means in a table of this kind."""
    return {folded(word): field for field, words in SYNONYMS[kind].items() for word in words}


@cache
def fallbacks_of(kind: str) -> Mapping[str, str]:
    """As `fields_of`, for the words that count only where a field has no other column."""
    return {folded(word): field for field, words in FALLBACKS.get(kind, {}).items() for word in words}


def stated_in_parentheses(header: str) -> str:
    """What stands in parentheses after a header, where it may be a currency; "" when nothing does."""
    found = re.search(r"[(\[（【]\s*([^)\]）】]{1,12}?)\s*[)\]）】]\s*$", header)
    return found[1] if found else ""
