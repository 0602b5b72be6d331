"""What went wrong, in words for people: what it is, and what they can do."""

from __future__ import annotations

from extractor.review.words import Say
from extractor.service.problems import problem_of

PROBLEM_WORDS = {
    "unauthorized": "登录已失效，请重新登录。",
    "forbidden": "您的密钥没有这项权限，请联系管理员。",
    "csrf_failed": "页面已过期，请刷新后再试。",
    "too_many_requests": "操作过于频繁，请一分钟后再试。",
    "not_found": "没有这个页面或功能。",
    "method_not_allowed": "不支持这种操作。",
    "request_failed": "请求未能完成，请刷新页面后再试。",
    "invalid_request": "填写的内容有误，请检查后再试。",
    "internal_error": "服务出现意外错误，请联系管理员查看日志。",
    "error": "服务出现意外错误，请联系管理员查看日志。",
    "not_ready": "服务尚未就绪，请稍候再试。",
    "busy": "服务正忙，请稍候再试。",
    "database_unavailable": "数据库暂时没有应答，请稍候再试。",
    "store_failed": "存储出现问题（例如磁盘已满），请联系管理员。",
    "not_multipart": "上传格式有误，请刷新页面后重新上传。",
    "upload_malformed": "上传中断或内容不完整，请重新上传。",
    "upload_too_slow": "网络太慢，上传已中断，请重新上传。",
    "upload_empty": "上传中没有文件。",
    "nothing_accepted": "这些文件都不能使用，原因见各文件。",
    "unsupported_input": "不支持这种格式；请提供 PDF、图片、Word、网页或文本文件。",
    "encrypted_input": "文件有密码保护；请去掉密码后重新上传。",
    "corrupt_input": "文件为空、不完整或已损坏；请重新获取后上传。",
    "input_too_large": "文件超出大小、页数或压缩包限制；请拆分后上传，或请管理员调高限制。",
    "not_a_report": "文件中没有找到年度报告的表格或标题；请确认选对了文件。",
    "unusable_input": "文件无法使用；请确认它能正常打开。",
    "timed_out": "处理时间过长，已停止；可以重试、拆分文件，或请管理员调高时限。",
    "worker_crashed": "处理进程意外终止（多为内存不足）；可以重试，其他文件不受影响。",
    "cancelled": "已取消；需要时可以重试，已有结果的可以重新提取。",
    "ocr_failed": "文字识别出错；可以重试，仍然失败请联系管理员。",
    "model_unusable": "识别模型缺失或不匹配，请联系管理员。",
    "schema_invalid": "表式定义有误，请联系管理员。",
    "document_unknown": "没有这个文件，可能已被移除。",
    "page_unknown": "文件没有这一页。",
    "slot_unknown": "表中没有这个单元格。",
    "figure_unknown": "报告中没有这个指标。",
    "finding_unknown": "报告中没有这个勾稽问题，可能已随其他决定消除。",
    "generation_unknown": "没有这一次的提取结果。",
    "no_page_image": "文本类文件没有页面图像。",
    "no_cell_image": "在页面上没有找到这个单元格。",
    "not_finished": "文件还在处理中，请等待完成。",
    "finished": "文件已处理完毕，不能取消。",
    "not_failed": "文件没有失败，不需要重试。",
    "not_decided": "没有可以撤回的决定。",
    "not_confirmable": "另一种识别结果可使其平衡，请先核对所涉单元格。",
    "not_reviewable": "该文件由旧版本提取，请重新提取后再复核。",
    "version_outdated": "刚才有人作了新的决定，请看过最新结果再定。",
    "key_unknown": "没有这个可用的密钥，可能已被停用。",
    "last_admin": "这是最后一个管理员密钥，不能停用；请先新建一个管理员密钥。",
    "webhook_unknown": "没有这个通知地址。",
    "dataset_too_large": "行数超出工作表的上限；请改用 CSV 或 Parquet，或缩小范围。",
}
"""By the code of the problem; a test compares them with all codes."""

SKIPPED_WORDS = {
    "a lock file": "Office 的临时锁定文件",
    "empty": "空文件",
    "data or source code": "数据或程序代码",
    "an old office file without a text document in it": "旧版 Office 文件，但不是文档",
    "a text that is not Chinese": "不是中文文本",
    "a document or program of another kind": "其他类型的文档或程序",
    "a binary file of an unknown kind": "未知类型的文件",
    "a packed archive of another kind than ZIP": "ZIP 以外的压缩包，请解压或改用 ZIP",
    "an image of a kind that is not read here": "不支持的图像格式，请另存为 JPEG 或 PNG",
    "a web archive (MHTML)": "网页归档（MHTML），请另存为 HTML 或 PDF",
    "a program": "程序",
    "a video or sound": "音频或视频",
    "a database": "数据库",
    "JSON data": "JSON 数据",
    "XML data": "XML 数据",
    "PostScript": "PostScript 文件，请转为 PDF",
}
"""Why a file in an archive was passed over; a test compares them with the reasons that there
are."""


def problem_words(code: str, say: Say) -> str:
    """A problem in the language of whoever is told, also one of a later version."""
    title = problem_of(code).title
    return say(PROBLEM_WORDS.get(code, PROBLEM_WORDS["internal_error"]), f"{title}.")
