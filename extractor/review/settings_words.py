"""Settings that matter for review, by groups: their names and what they mean, in Chinese.

In English they are told in their own descriptions, which stand in `extractor/settings.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

from extractor.review.visitor import Visitor
from extractor.settings import Settings

ACCEPTANCE = ("calibration", "max_risk", "max_figure_risk", "audit_rate", "min_score", "min_anchor")
SERVICE = ("workers", "keep_days", "webhooks", "max_seconds", "max_memory_bytes")
LIMITS = (
    *("max_file_bytes", "max_upload_bytes", "max_pages", "max_image_pixels"),
    *("max_archive_files", "max_archive_bytes", "calls_per_minute"),
)
GROUPS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("自动通过", "Acceptance"): ACCEPTANCE,
    ("运行", "Service"): SERVICE,
    ("限制", "Limits"): LIMITS,
}

SETTINGS_WORDS: Mapping[str, tuple[str, str]] = {
    "calibration": ("概率校准", "是否由校准后的概率决定哪些数值自动通过。"),
    "max_risk": ("单元格允许错误率", "自动通过的单元格中，错误所占比例的上限（95% 置信度）。"),
    "max_figure_risk": ("正文指标允许错误率", "自动通过的正文指标中，错误所占比例的上限。"),
    "audit_rate": ("抽查比例", "从自动通过的数值中随机抽取这一比例送人工核对，用来检验上限。"),
    "min_score": ("最低识别分", "识别分低于此值的读数一律送人工复核。"),
    "min_anchor": ("最低定位分", "行或列的定位分低于此值的数值一律送人工复核。"),
    "workers": ("处理进程", "同时处理的文件数；0 表示由其他机器上的进程处理。"),
    "keep_days": ("保留天数", "处理完成后多少天自动移除文件及全部数据；0 为永久保留。"),
    "webhooks": ("发送通知", "是否向通知地址发送消息；在正式服务之外试用备份时应关闭。"),
    "max_seconds": ("单份时限", "一份文件处理超过此时间即停止，并记为失败。"),
    "max_memory_bytes": ("进程内存上限", "每个处理进程最多使用的内存。"),
    "max_file_bytes": ("单个文件上限", "可以读取的最大文件。"),
    "max_upload_bytes": ("单次上传上限", "一次上传中全部文件的总大小上限。"),
    "max_pages": ("页数上限", "一份文件最多的页数。"),
    "max_image_pixels": ("像素上限", "一页图像最多的像素数。"),
    "max_archive_files": ("压缩包文件数上限", "一个压缩包中最多的文件数。"),
    "max_archive_bytes": ("压缩包解压上限", "一个压缩包解压后的最大总大小。"),
    "calls_per_minute": ("每分钟调用上限", "一个密钥每分钟可调用接口的次数；0 为不限。"),
}

_SHARES = ("max_risk", "max_figure_risk", "audit_rate")


def name_of(setting: str, visitor: Visitor) -> str:
    return visitor.say(SETTINGS_WORDS[setting][0], setting.replace("_", " "))


def meaning_of(setting: str, visitor: Visitor) -> str:
    description = Settings.model_fields[setting].description or ""
    return visitor.say(SETTINGS_WORDS[setting][1], description)


def value_of(setting: str, settings: Settings, visitor: Visitor) -> str:
    """Its value as people write it: shares in percent, sizes in their unit."""
    value = getattr(settings, setting)
    if isinstance(value, bool):
        return visitor.say("是" if value else "否", "yes" if value else "no")
    if setting in _SHARES:
        return exact_share_text(value)
    if setting.endswith("_bytes"):
        return size_text(value)
    if setting == "max_seconds":
        return visitor.say(f"{value:g} 秒", f"{value:g} s")
    return f"{value:,}"


def exact_share_text(share: float) -> str:
    """A share in percent, with as many digits as it has to have."""
    return f"{float(f'{100 * share:.2g}'):g} %"


def size_text(n_bytes: int) -> str:
    """A number of bytes in a unit in which it is no long number."""
    size, unit = float(n_bytes), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if size < 1024:
            break
        size, unit = size / 1024, larger
    digits = 0 if unit == "B" or size >= 100 or size == int(size) else 1
    return f"{size:.{digits}f} {unit}"
