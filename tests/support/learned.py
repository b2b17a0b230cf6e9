"""Models made by hand, and sentences of two kinds in languages of different scripts."""

from typing import Final

import numpy as np

from router.learned import Head, Parts, found_in, pack

PARCEL: Final = {
    "zh": "我的包裹还没有到", "ja": "荷物がまだ届いていません", "ko": "택배가 아직 안 왔어요",
    "th": "ฉันยังไม่ได้รับพัสดุ", "ar": "لم تصل الطلبية حتى الآن", "vi": "Tôi vẫn chưa nhận được hàng",
    "hi": "मेरा पार्सल अभी तक नहीं आया", "en": "My parcel has not arrived yet",
}  # fmt: skip
BILL: Final = {
    "zh": "发票上的金额不对", "ja": "請求書の金額が間違っています", "ko": "청구서 금액이 틀렸어요",
    "th": "ยอดเงินในใบแจ้งหนี้ผิด", "ar": "المبلغ في الفاتورة غير صحيح", "vi": "Số tiền trên hóa đơn bị sai",
    "hi": "बिल में रकम गलत है", "en": "The amount on the bill is wrong",
}  # fmt: skip


def tiny_model(texts: dict[str, list[str]]) -> bytes:
    """Each label's own runs and pairs speak for it alone."""
    labels = list(texts)
    hashes = [
        {label: {int(one) for text in texts[label] for one in found_in(text)[kind].hashes} for label in labels}
        for kind in (0, 1)
    ]
    known = [sorted(set().union(*one.values())) for one in hashes]
    weights = [
        [4.0 if one in mine[label] else 0.0 for label in labels]
        for mine, all_of_kind in zip(hashes, known, strict=True)
        for one in all_of_kind
    ]
    return pack(
        Head(labels, len(known[0]), len(known[1]), 1.0, 2.0, 0.6),
        Parts(
            np.array(known[0], np.uint32),
            np.array(known[1], np.uint32),
            np.ones(len(weights), np.float32),
            np.array(weights, np.float16),
        ),
    )
