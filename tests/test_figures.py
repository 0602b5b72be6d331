"""Key figures: what prose of many phrasings says, and what it does not say.

The sentences are made up. The expected figures are complete: anything found beyond them fails. A
value is written with "~" where the text says that it is approximate.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.errors import SchemaError
from extractor.figure_keys import parse_figure_keys
from extractor.figures import find_figures
from extractor.prose import join_prose
from extractor.schema import load_schema
from extractor.types import Box, CellStatus, Evidence, Exactness, Figure, Fragment, Role


def _figures(*texts: str, year: int | None = None) -> tuple[Figure, ...]:
    fragments = [
        Fragment(text, 1.0, Evidence(line=i), role=Role.PROSE) for i, text in enumerate(texts, 1)
    ]
    return find_figures(join_prose(fragments), load_schema().figures, year=year)


def _values(figures: tuple[Figure, ...]) -> dict[str, str]:
    """Values by key in the order of the text, "~" before the approximate ones."""
    values: dict[str, list[str]] = {}
    for figure in figures:
        sign = "~" if figure.exactness is Exactness.APPROXIMATE else ""
        values.setdefault(figure.key, []).append(f"{sign}{figure.value}")
    return {key: ",".join(found) for key, found in values.items()}


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        (
            "2022年，全县累计主动公开政府信息5316条，同比增长4.2%。",
            {"proactive_items": "5316"},
        ),
        (
            "本年度我局通过门户网站、微信公众号、新闻媒体等渠道主动公开各类信息近 300 条。",
            {"proactive_items": "~300"},
        ),
        (
            "全市各级行政机关主动公开政府信息23.6万余条。",
            {"proactive_items": "~236000"},
        ),
        (
            "共主动公开政府信息1万2千余条，其中机构职能类36条、动态类8900条。",
            {"proactive_items": "~12000"},
        ),
        (
            "一年来，街道新增主动公开信息128条，累计主动公开1964条。",
            {"proactive_items": "128,1964"},
        ),
        (
            "新增主动公开政府信息76条，累计达915条。",
            {"proactive_items": "76,915"},
        ),
        (
            "2021年我单位主动公开政府信息  条。",
            {"proactive_items": "None"},
        ),
        (
            "全年主动公开政府信息260余。",
            {"proactive_items": "~260"},
        ),
        (
            "主动公开规章2件、行政规范性文件11件、政策解读9篇。",
            {
                "regulations_issued": "2",
                "normative_documents_issued": "11",
                "policy_interpretations": "9",
            },
        ),
        (
            "我镇公开内容应主动公开的均已公开，主动公开率100%。",
            {},
        ),
        (
            "全年累计公开政府信息4208条，较上年增加315条。",
            {"proactive_items": "4208"},
        ),
        (
            "主动公开财政预决算信息42条。",
            {},
        ),
        (
            "按照《政府信息公开条例》（国务院令第711号）和国办发〔2019〕14号文件要求，编制本报告。",
            {},
        ),
        (
            "联系电话：0817-2223456，邮编：637000，地址：人民路18号。",
            {},
        ),
        (
            "全年共收到政府信息公开申请45件，办结43件，结转下年度继续办理2件。",
            {
                "applications_received": "45",
                "applications_answered": "43",
                "applications_carried_forward": "2",
            },
        ),
        (
            "2023年，新收政府信息公开申请112件，上年结转8件，均依法依规予以答复。",
            {"applications_received": "112"},
        ),
        (
            "全市行政机关共收办政府信息公开申请2190件（含上年结转61件），其中予以公开806件，部分公开212件，不予公开75件，无法提供640件，不予处理58件，其他处理301件，结转下年度继续办理98件。",
            {
                "applications_received": "2190",
                "applications_granted": "806",
                "applications_partially_granted": "212",
                "applications_denied": "75",
                "applications_unavailable": "640",
                "applications_rejected": "58",
                "applications_other": "301",
                "applications_carried_forward": "98",
            },
        ),
        (
            "依申请公开方面，全年共受理12件，均按期答复。",
            {"applications_received": "12"},
        ),
        (
            "今年以来，我局未收到公民、法人或者其他组织提出的政府信息公开申请。",
            {"applications_received": "0"},
        ),
        (
            "本年度没有收到依申请公开政府信息的申请，未发生因政府信息公开引起的行政复议、行政诉讼。",
            {"applications_received": "0", "reconsideration_cases": "0", "lawsuits": "0"},
        ),
        (
            "收到政府信息公开申请0件。",
            {"applications_received": "0"},
        ),
        (
            "我镇全年收到依申请公开信息三件，已全部办结。",
            {"applications_received": "3"},
        ),
        (
            "受理公民政府信息公开申请二十余宗。",
            {"applications_received": "~20"},
        ),
        (
            "全年收到19件政府信息公开申请，已答复18件。",
            {"applications_received": "19", "applications_answered": "18"},
        ),
        (
            "2020年，共收到政府信息公开申请67件，其中，当面申请9件，网上申请40件，信函申请18件；已答复65件（含上年度结转3件），另有5件顺延至下年度办理。",
            {
                "applications_received": "67",
                "applications_answered": "65",
                "applications_carried_forward": "5",
            },
        ),
        (
            "予以公开及部分公开的依申请公开事项258件，占33.9%。",
            {},
        ),
        (
            "共收到信息公开申请8件：予以公开3件、无法提供4件、结转1件。",
            {
                "applications_received": "8",
                "applications_granted": "3",
                "applications_unavailable": "4",
            },
        ),
        (
            "公开申请较去年减少12件。",
            {},
        ),
        (
            "受理行政复议申请38件，审结35件。",
            {"reconsideration_cases": "38"},
        ),
        (
            "全区受理政府信息公开申请和咨询共计96件。",
            {},
        ),
        (
            "上年度受理依申请公开23件。",
            {},
        ),
        (
            "对外公布依申请公开受理电话2个。",
            {},
        ),
        (
            "要求在20个工作日内答复申请人。",
            {},
        ),
        (
            "市政府全年制定政府规章3部，出台行政规范性文件17件，废止30件。",
            {"regulations_issued": "3", "normative_documents_issued": "17"},
        ),
        (
            "全年清理规范性文件86件，废止12件。",
            {},
        ),
        (
            "以政府办名义印发文件58件，解读32件。",
            {"documents_published": "58", "policy_interpretations": "32"},
        ),
        (
            "主动公开政策文件41份。",
            {"documents_published": "41"},
        ),
        (
            "现行有效规范性文件9件。",
            {},
        ),
        (
            "本单位制发规范性文件1件。",
            {"normative_documents_issued": "1"},
        ),
        (
            "区政府门户网站全年发布信息3812条，微信公众号推送1290条，政务微博发布2045条，抖音号发布短视频96条。",
            {
                "website_items": "3812",
                "wechat_items": "1290",
                "weibo_items": "2045",
                "video_items": "96",
            },
        ),
        (
            "“某某发布”微信公众号关注人数4.3万人，推送文章620篇。",
            {"followers": "43000", "wechat_items": "620"},
        ),
        (
            "微博关注2183人，发布198条；微信订阅1482人，发布383条。",
            {"followers": "2183,1482", "weibo_items": "198", "wechat_items": "383"},
        ),
        (
            "门户网站总访问量达853万人次，日均访问2.3万次。",
            {"visits": "8530000"},
        ),
        (
            "政务新媒体平台累计发布信息4000余条。",
            {"new_media_items": "~4000"},
        ),
        (
            "全县现有政务新媒体账号46个，关停12个。",
            {},
        ),
        (
            "网站开设专栏5个，发布政策解读信息26条。",
            {"policy_interpretations": "26"},
        ),
        (
            "全年受理12345热线工单8391件，按时办结率100%，县长信箱来信112件。",
            {"hotline_cases": "8391", "mailbox_messages": "112"},
        ),
        (
            "12345政务服务便民热线共受理群众诉求20万余件。",
            {"hotline_cases": "~200000"},
        ),
        (
            "办理网民留言92条，回复率100%。",
            {"mailbox_messages": "92"},
        ),
        (
            "拨打12345热线即可咨询。",
            {},
        ),
        (
            "共办理人大代表建议50件、政协提案85件，办结率100%。",
            {"people_congress_suggestions": "50", "cppcc_proposals": "85"},
        ),
        (
            "全年承办建议提案共计136件。",
            {"suggestions_and_proposals": "136"},
        ),
        (
            "办理市人大代表建议和政协委员提案41件，满意率100%。",
            {"suggestions_and_proposals": "41"},
        ),
        (
            "人大代表建议、政协提案分别为19件和16件。",
            {},
        ),
        (
            "征集群众意见建议23条。",
            {},
        ),
        (
            "发生行政复议案件6件，其中维持4件、纠正1件；行政诉讼案件2件。",
            {"reconsideration_cases": "6", "lawsuits": "2"},
        ),
        (
            "全年未发生被复议纠错或行政诉讼败诉情形。",
            {},
        ),
        (
            "因信息公开引发的行政复议两起，行政诉讼0起。",
            {"reconsideration_cases": "2", "lawsuits": "0"},
        ),
        (
            "召开新闻发布会十二场，政策吹风会3场。",
            {"press_conferences": "12"},
        ),
        (
            "全年举办新闻发布会29场次。",
            {"press_conferences": "29"},
        ),
        (
            "编印政府公报24期，免费赠阅3万余册。",
            {"gazette_issues": "24"},
        ),
        (
            "出版《某市人民政府公报》12期，刊登文件243件。",
            {"gazette_issues": "12"},
        ),
        (
            "举办全区政务公开业务培训班2期，参训人员180余人次。",
            {"training_sessions": "2", "trainees": "~180"},
        ),
        (
            "组织第六期政务公开专题培训班。",
            {},
        ),
        (
            "开展政务公开培训三次，培训人员260人次。",
            {"training_sessions": "3", "trainees": "260"},
        ),
        (
            "开展农村实用技术培训20场。",
            {},
        ),
        (
            "开展网上民意征集19期，收到意见75条；组织在线访谈8期；政民互动300余场次。",
            {"consultations": "19,8,~300"},
        ),
        (
            "全区政务服务事项1208项，全程网办率达98.5%。",
            {"service_items": "1208", "online_rate": "98.5"},
        ),
        (
            "对25件申请收取信息处理费2950元。",
            {"processing_fee": "2950"},
        ),
        (
            "2022年度未收取政府信息公开信息处理费。",
            {"processing_fee": "0"},
        ),
        (
            "本年度发出收费通知2件，收取信息处理费总金额为380元。",
            {"processing_fee": "380"},
        ),
        (
            "环卫作业面积791.04万平方米，垃圾处置费942.76万元，审计查出问题金额63.39亿元。",
            {},
        ),
        (
            "2025年计划举办政务公开培训4次。",
            {},
        ),
        (
            "发布政策解读材料11个，其中图文解读6个。",
            {"policy_interpretations": "11"},
        ),
        (
            "深化“一网通办”，一件事一次办，两微一端三级联动，十四五规划解读。",
            {},
        ),
        (
            "通过政府网站、政务微博、微信公众号等新媒体发布信息3100条。",
            {"new_media_items": "3100"},
        ),
        (
            "通过微信公众号等渠道发布信息300条。",
            {},
        ),
        (
            "2022年全年公开信息530条，涉及机构职能、部门文件等。",
            {"proactive_items": "530"},
        ),
        (
            "通过门户网站公开部门预决算信息各1条，公开财政信息120条。",
            {},
        ),
        (
            "制定《政府信息主动公开基本目录》，明确公开事项86项。",
            {},
        ),
        (
            "受理申请前已电话沟通3次，引导申请人补正2件。",
            {},
        ),
        (
            "政府网站共发布动态类信息912条，互动交流类信息35条。",
            {},
        ),
        (
            "共收到网上留言1779条，已全部答复。",
            {"mailbox_messages": "1779"},
        ),
        (
            "选派4名业务骨干参加市级培训2次。",
            {},
        ),
        (
            "召开2次政务公开工作推进会，开展3次日常检查，下发通报4期。",
            {},
        ),
        (
            "全局共有政务公开工作人员12名，兼职8名，配备电脑6台。",
            {},
        ),
        (
            "“12345”平台交办件1,238件，均已办结。",
            {"hotline_cases": "1238"},
        ),
        (
            "按照每件10元的标准收取信息处理费。",
            {},
        ),
        (
            "网站栏目由原来的36个调整为28个，整改错误83处。",
            {},
        ),
        (
            "政府信息公开申请件办结率达到100%，满意率98%以上。",
            {},
        ),
        (
            "2019年1月1日至12月31日，本机关共受理申请3件。",
            {},
        ),
        (
            "全年共办理依申请公开事项16件，其中予以公开10件，不予公开2件。",
            {
                "applications_answered": "16",
                "applications_granted": "10",
                "applications_denied": "2",
            },
        ),
        (
            "收到政府信息公开申请31件,其中网上申请20件,受理书面申请11件。",
            {"applications_received": "31"},
        ),
        (
            "对全市52家单位开展检查，通报问题15个；行政许可公开3121条，行政处罚公开412条。",
            {},
        ),
        (
            "行政机关败诉案件1件，行政诉讼案件纠错率20%。",
            {},
        ),
        (
            "我市现有公报赠阅点200个，公报电子版点击12000次。",
            {},
        ),
        (
            "重新修订公开指南1次，公开目录更新303条。",
            {},
        ),
        (
            "办理省人大代表建议3件、市人大代表建议27件。",
            {"people_congress_suggestions": "3,27"},
        ),
        (
            "邀请人大代表5人次、政协委员3人次列席会议，听取意见建议16条。",
            {},
        ),
        (
            "微信公众号阅读量达35万次，单条最高转发1200次。",
            {},
        ),
        (
            "开设12345热线专栏1个。",
            {},
        ),
        (
            "政策解读率达100%，图解12期，视频解读3个。",
            {},
        ),
        (
            "主动公开政府信息1851条，比2021年增加120条，增长6.9%。",
            {"proactive_items": "1851"},
        ),
        (
            "全年拟制规范性文件5件，经合法性审查4件，印发3件。",
            {},
        ),
        (
            "印发《关于进一步做好政务公开工作的通知》等文件6份。",
            {},
        ),
        (
            "全年接受社会公众政府信息咨询350余次，其中电话咨询280次。",
            {},
        ),
        (
            "共主动公开政府信息3—5条的单位有12个。",
            {},
        ),
        (
            "截至2023年底，网站历年累计发布信息12万条。",
            {"website_items": "120000"},
        ),
        (
            "门户网站发布各类信息1万多条（次）。",
            {"website_items": "~10000"},
        ),
        (
            "本镇全年共受理政府信息公开申请壹件。",
            {"applications_received": "1"},
        ),
        (
            "举办政务公开工作培训班两期，累计培训干部三百余人。",
            {"training_sessions": "2", "trainees": "~300"},
        ),
        (
            "政府公报全年出版6期、发放1.8万册。",
            {"gazette_issues": "6"},
        ),
        (
            "本年度无依申请公开，无行政复议和行政诉讼。",
            {"applications_received": "0", "reconsideration_cases": "0", "lawsuits": "0"},
        ),
        (
            "未发生针对本单位有关政府信息公开事务的行政复议案、行政诉讼案和有关的申诉案。",
            {"reconsideration_cases": "0", "lawsuits": "0"},
        ),
        (
            "收到依申请公开行政复议1件，已办结。",
            {"reconsideration_cases": "1"},
        ),
        (
            "对未按规定公开的3件信息进行整改。",
            {},
        ),
        (
            "全年向社会公开政府文件65件、人事任免12件。",
            {"documents_published": "65"},
        ),
        (
            "已公示政务服务事项646项，可网办事项578项。",
            {"service_items": "646"},
        ),
        (
            "2022年，全区各级行政机关通过政府网站、政务新媒体、公示栏等方式主动公开政府信息14.2万条，其中区政府门户网站公开8732条。",
            {"proactive_items": "142000", "website_items": "8732"},
        ),
        (
            "一年来，共向社会主动公开各类政务信息2100余条次。",
            {"proactive_items": "~2100"},
        ),
        (
            "截止12月31日，在县政府网站公开信息共计862条。",
            {"website_items": "862"},
        ),
        (
            "我局共受理依申请公开政府信息14件，按期办结率100%。",
            {"applications_received": "14"},
        ),
        (
            "全年共接收群众依申请公开5件，同比下降28.6%，已全部按时答复。",
            {"applications_received": "5"},
        ),
        (
            "依申请公开数量为0。",
            {"applications_received": "0"},
        ),
        (
            "本年度收到公开申请7件，其中同意公开4件，不予公开1件，信息不存在2件。",
            {"applications_received": "7", "applications_granted": "4", "applications_denied": "1"},
        ),
        (
            "共收到政府信息公开申请156件（自然人149件、企业7件），上年度结转政府信息公开申请6件，共办理答复158件，结转下年度4件。",
            {
                "applications_received": "156",
                "applications_answered": "158",
                "applications_carried_forward": "4",
            },
        ),
        (
            "其中，予以公开的41件，占26%；部分公开的9件，占5.8%；",
            {},
        ),
        (
            "2021年共收到依申请公开事项59件，其中：予以公开的41件，占69%；部分公开的9件，占15%；无法提供的9件。",
            {
                "applications_received": "59",
                "applications_granted": "41",
                "applications_partially_granted": "9",
                "applications_unavailable": "9",
            },
        ),
        (
            "全年推送微信信息1560余条，发布微博870条，抖音短视频46个。",
            {"wechat_items": "~1560", "weibo_items": "870", "video_items": "46"},
        ),
        (
            "“青山交通”微信公众号共发布消息412篇，累计粉丝3.1万人，阅读量逾120万次。",
            {"wechat_items": "412", "followers": "31000"},
        ),
        (
            "政府网站总浏览量突破1200万人次，独立用户访问总量26万。",
            {"visits": "~12000000,260000"},
        ),
        (
            "领导信箱共收到来信230封，办结228封。",
            {"mailbox_messages": "230"},
        ),
        (
            "承接12345政务服务热线转办工单2,315件，办结率99.2%。",
            {"hotline_cases": "2315"},
        ),
        (
            "办理各级人大代表建议61件、政协委员提案88件，答复率100%。",
            {"people_congress_suggestions": "61", "cppcc_proposals": "88"},
        ),
        (
            "2023年，共承办省、市、县人大代表建议及政协提案73件。",
            {"suggestions_and_proposals": "73"},
        ),
        (
            "全年因政府信息公开被申请行政复议4件，被提起行政诉讼2件。",
            {"reconsideration_cases": "4", "lawsuits": "2"},
        ),
        (
            "行政复议3件，结果维持2件，其他结果1件；行政诉讼1件，尚未审结。",
            {"reconsideration_cases": "3", "lawsuits": "1"},
        ),
        (
            "发布政策解读稿件35篇，其中文字解读20篇、图片解读15篇。",
            {"policy_interpretations": "35"},
        ),
        (
            "组织召开新闻发布会7场，接受媒体采访12次。",
            {"press_conferences": "7"},
        ),
        (
            "全年共组织政务公开专题培训4场次，培训320人次。",
            {"training_sessions": "4", "trainees": "320"},
        ),
        (
            "全县梳理公布政务服务事项1563项，网上可办率96.7%，即办件比例45%。",
            {"service_items": "1563", "online_rate": "96.7"},
        ),
        (
            "向2名申请人收取政府信息公开信息处理费共计1280元。",
            {"processing_fee": "1280"},
        ),
        (
            "依据《政府信息公开信息处理费管理办法》，本年度未产生信息处理费。",
            {"processing_fee": "0"},
        ),
        (
            "我局2023年度发出收费通知的件数和总金额以及实际收取的总金额均为0。",
            {},
        ),
        (
            "本机关2022年没有收取信息处理费的情况。",
            {"processing_fee": "0"},
        ),
        (
            "出台《青山县优化营商环境若干措施》等规范性文件6件，同步解读6件。",
            {"normative_documents_issued": "6", "policy_interpretations": "6"},
        ),
        (
            "新制定规章2件，修改1件，现行有效规章58件。",
            {"regulations_issued": "2"},
        ),
        (
            "全年累计公开区政府文件37件、区政府办文件52件。",
            {},
        ),
        (
            "开展意见征集12次，收到意见建议86条，采纳31条。",
            {"consultations": "12"},
        ),
        (
            "2024年共举办在线访谈6期、政府开放日3次。",
            {"consultations": "6"},
        ),
        (
            "全年开展3次政务公开业务培训，参训人员达210人次。",
            {"training_sessions": "3", "trainees": "210"},
        ),
        (
            "收到网民咨询投诉类留言326条，均按时回复。",
            {"mailbox_messages": "326"},
        ),
        (
            "通过“随手拍”受理市民投诉4120件，办结4098件。",
            {},
        ),
        (
            "政府信息公开申请较上年增加35件，达到120件。",
            {},
        ),
        (
            "本年度收到政府信息公开申请共21件，比上年增加5件。",
            {"applications_received": "21"},
        ),
        (
            "对5件依申请公开件进行了会商，召开协调会3次。",
            {},
        ),
        (
            "编发《工作简报》12期，印发宣传册3000份。",
            {},
        ),
        (
            "政府信息公开专栏累计公开信息5600条，其中2023年新增830条。",
            {},
        ),
        (
            "县政府公报编辑发行4期，共刊登文件56件。",
            {"gazette_issues": "4"},
        ),
        (
            "微信公众号关注用户达5万余人，全年推文300余篇。",
            {"followers": "~50000"},
        ),
        (
            "全年发布政务微博信息1056条、微信信息892条。",
            {"weibo_items": "1056", "wechat_items": "892"},
        ),
        (
            "今年我街道累计在区政府信息公开平台主动公开信息106条。",
            {"proactive_items": "106"},
        ),
        (
            "未收到政府信息公开申请，无结转申请。",
            {"applications_received": "0"},
        ),
        (
            "其他处理情况：申请人撤回3件。",
            {},
        ),
        (
            "全市共制发规范性文件25件，其中市政府及办公室9件、市级部门16件。",
            {"normative_documents_issued": "25"},
        ),
        (
            "全年无行政诉讼案件。",
            {"lawsuits": "0"},
        ),
        (
            "接待群众来访咨询96人次，受理信访件41件。",
            {},
        ),
    ],
)
def test_sentences(sentence: str, expected: dict[str, str]) -> None:
    assert _values(_figures(sentence)) == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["全年编印政府公报 12", "期，每期免费发放。"], {"gazette_issues": "12"}),
        (["全年受理政府信息公开申", "请 35 件，均已答复。"], {"applications_received": "35"}),
        (["（二）依申请公开情况。", "全年共受理8件。"], {"applications_received": "8"}),
        (["（二）热线办理情况。", "全年共受理8件。"], {}),
        (["主动公开政府信息300条", "（二）依申请公开", "全年共收到申请3件"],
         {"proactive_items": "300", "applications_received": "3"}),
    ],
)  # fmt: skip
def test_sentences_over_lines(lines: list[str], expected: dict[str, str]) -> None:
    assert _values(_figures(*lines)) == expected


def test_a_figure_keeps_what_is_printed() -> None:
    (figure,) = _figures("2023年。全市主动公开政府信息 18 万余条，同比增长3%。其他。")
    assert replace(figure, signals=()) == Figure(
        key="proactive_items",
        value=Decimal(180000),
        unit="条",
        exactness=Exactness.APPROXIMATE,
        printed="18 万余条",
        sentence="全市主动公开政府信息 18 万余条，同比增长3%。",
        status=CellStatus.ACCEPTED,
        evidence=Evidence(line=1),
    )


def test_what_is_doubtful_is_flagged() -> None:
    (no_unit,) = _figures("全年主动公开政府信息260余。")
    assert (no_unit.unit, no_unit.status) == (None, CellStatus.FLAGGED)
    (no_number,) = _figures("全年主动公开政府信息 条。")
    assert (no_number.value, no_number.status) == (None, CellStatus.FLAGGED)
    other = _figures("全年受理政府信息公开申请3件。", "（二）本年受理政府信息公开申请5件。")
    assert [figure.status for figure in other] == [CellStatus.FLAGGED] * 2
    same = _figures("全年受理政府信息公开申请3件。", "（二）本年受理政府信息公开申请3件。")
    assert [figure.status for figure in same] == [CellStatus.ACCEPTED]


def test_a_zero_in_words_and_in_figures_is_one() -> None:
    figures = _figures("本年度未收取信息处理费。", "（六）收费情况。信息处理费为0。")
    assert _values(figures) == {"processing_fee": "0"}
    assert len(figures) == 1
    (figure,) = _figures("信息处理费为0。", "（六）收费情况。收取信息处理费0元。")
    assert (figure.unit, figure.status) == ("元", CellStatus.ACCEPTED)


def test_scopes() -> None:
    scopes = {
        "新增主动公开政府信息76条，累计达915条。": ["new", "cumulative"],
        "全年新收政府信息公开申请12件。": ["new"],
        "共收办政府信息公开申请12件。": ["handled_including_carried_over"],
        "受理政府信息公开申请12件（含上年结转2件）。": ["handled_including_carried_over"],
        "受理政府信息公开申请12件。": [None],
    }
    for sentence, expected in scopes.items():
        assert [figure.scope for figure in _figures(sentence)] == expected


def test_figures_of_another_year_are_left_out() -> None:
    sentence = "2021年，受理政府信息公开申请12件。"
    assert _values(_figures(sentence, year=2021)) == {"applications_received": "12"}
    assert _values(_figures(sentence, year=2022)) == {}


def test_a_number_broken_by_the_line_is_not_joined_unseen() -> None:
    (figure,) = _figures("全年主动公开政府信息24", "28条。")
    assert (figure.value, figure.status) == (2428, CellStatus.FLAGGED)


def test_furniture_ends_no_sentence_and_headings_give_the_topic() -> None:
    fragments = [
        Fragment("三、收到和处理政府信息公开申请情况", 1.0, Evidence(), role=Role.HEADING),
        Fragment("全年共受理", 1.0, Evidence(page=1), role=Role.PROSE),
        Fragment("— 4 —", 1.0, Evidence(page=1), role=Role.FURNITURE),
        Fragment("12件。", 1.0, Evidence(page=2), role=Role.PROSE),
    ]
    (figure,) = find_figures(join_prose(fragments), load_schema().figures)
    assert (figure.key, figure.value) == ("applications_received", 12)
    assert figure.evidence.page == 2


def test_the_box_is_narrowed_to_the_number() -> None:
    box = Box(0.1, 0.2, 0.9, 0.22)
    line = Fragment(
        "主动公开政府信息35条，其余略。", 1.0, Evidence(page=1, box=box), role=Role.PROSE
    )
    (figure,) = find_figures(join_prose([line]), load_schema().figures)
    found = figure.evidence.box
    assert found is not None
    assert box.x0 < found.x0 < found.x1 < box.x1
    assert found.width < box.width / 3
    assert (found.y0, found.y1) == (box.y0, box.y1)


def test_fragments_without_text_are_no_prose() -> None:
    assert join_prose([Fragment(" ", 1.0, Evidence(), role=Role.PROSE)]) == ()
    assert find_figures((), load_schema().figures) == ()


def test_every_key_of_the_schema_can_be_found_or_is_zero_in_words() -> None:
    for key in load_schema().figures:
        assert key.patterns
        assert key.units


@given(
    st.lists(
        st.text(
            alphabet="主动公开政府信息受理申请热线12345共0万余,.，。；（）《》件条%第年 \n—",
            max_size=60,
        )
    )
)
def test_no_prose_raises_and_figures_are_printed(texts: list[str]) -> None:
    joined = "".join(texts)
    for figure in _figures(*texts):
        assert figure.printed
        assert figure.printed.replace(" ", "") in figure.sentence.replace(" ", "")
        assert figure.printed[0] in joined


_KEY = {
    "key": "items",
    "label": "x",
    "meaning": "x",
    "units": ["条"],
    "patterns": ["@publish … 信息 N"],
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colour": "red"}, "unknown fields colour"),
        ({"key": "Items"}, "identifier"),
        ({"units": []}, "units"),
        ({"not": [12345]}, "in quotes"),
        ({"patterns": []}, "at least one"),
        ({"patterns": ["信息"]}, "must have N once"),
        ({"patterns": ["N"]}, "no words"),
        ({"patterns": ["… 信息 N"]}, "gap"),
        ({"patterns": ["@nothing N"]}, "@nothing"),
        ({"patterns": ["信息(条|件) N"]}, "plain word"),
        ({"patterns": [{"pattern": "信息 N", "doubtful": "yes"}]}, "true or false"),
        ({"zero": ["无 N"]}, "nowhere"),
        ({"patterns": [{"pattern": "信息 N", "scope": "x"}]}, "none of figures.scopes"),
    ],
)
def test_a_wrong_key_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        parse_figure_keys({"words": {"publish": ["发布"]}, "keys": [{**_KEY, **change}]})


def test_a_key_stands_once() -> None:
    raw = {"words": {"publish": ["发布"]}, "keys": [_KEY, _KEY]}
    with pytest.raises(SchemaError, match="twice"):
        parse_figure_keys(raw)


def test_the_pattern_language() -> None:
    raw = {
        "words": {"publish": ["发布", "公开"]},
        "keys": [{**_KEY, "patterns": ["@publish [各类|政府]* 信息 … N 稿件"]}],
    }
    (key,), _ = parse_figure_keys(raw)
    line = Fragment("发布各类政府信息共计12条稿件。", 1.0, Evidence())
    (figure,) = find_figures(join_prose([line]), (key,))
    assert (figure.value, figure.printed) == (12, "12条")
    assert find_figures(join_prose([replace(line, text="发布许可信息12条稿件")]), (key,)) == ()
