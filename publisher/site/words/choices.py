"""The words of the pages on which readers choose, change their address, take their data with them, leave, and are erased."""

from __future__ import annotations

from typing import Final

EN: Final[dict[str, str]] = {
    "choices_mine": "Your newsletters",
    "choices_more": "More newsletters",
    "choices_add": "Send me this, too",
    "choices_rhythm": "How often",
    "choices_rhythm_explain": "The first mail after a change may repeat what you have had, or begin where the other will go on.",
    "rhythm_each": "With each item",
    "rhythm_daily": "Daily",
    "rhythm_weekly": "Weekly",
    "rhythm_monthly": "Monthly",
    "choices_region": "Country",
    "choices_region_explain": "Some links lead to a page for your country.",
    "choices_region_none": "None",
    "choices_leave": "Do not send me this any more",
    "choices_all": "For all newsletters",
    "choices_zone": "Time zone",
    "choices_zone_explain": "For newsletters that come at your own time of day.",
    "choices_zone_none": "That of each newsletter",
    "choices_pause": "Pause",
    "choices_pause_explain": "For so long nothing is sent to you. Then it goes on by itself.",
    "choices_pause_none": "No pause",
    "choices_paused": "Paused until {date}",
    "choices_go_on": "Go on now",
    "choices_mend": "Please look at what is marked below. Nothing was saved, and nothing that you chose is lost.",
    "choices_bad": "Choose from the list.",
    "choices_nothing": "At present you are subscribed to nothing.",
    "choices_suppressed": (
        "At present nothing is sent to your address: mail to it came back, or somebody asked us not to write there. "
        "To change that, write to {contact}."
    ),
    "address_title": "Another address",
    "address_explain": (
        "Your mail goes to {address}. We write to the old address and to the new one, and change it once both have said yes. "
        "If you cannot read mail at the old one any more, write to {contact}."
    ),
    "address_email": "New e-mail address",
    "address_button": "Write to both addresses",
    "address_written": "We are writing to both addresses. Open the link in each of the two mails within seven days, and say yes.",
    "address_same": "Your mail goes to this address already.",
    "address_no_address": "This is no e-mail address. It looks like name@example.org.",
    "address_no_reader": "This address is not accepted here. Write one that you keep and that is a person's.",
    "address_too_often": "You have asked for several changes today. Please try again tomorrow, or write to {contact}.",
    "change_title": "Change your address",
    "change_ask_old": "Send your mail to {new} from now on?",
    "change_ask_new": "Send the mail of {old} to this address from now on?",
    "change_yes": "Yes, change it",
    "change_no": "No, leave it as it is",
    "change_waiting_title": "Thank you: one more yes",
    "change_waiting": (
        "Now the other address has to say yes. We have written to it, too. "
        "If you cannot read mail there any more, write to {contact}."
    ),
    "change_done_title": "Your address is changed",
    "change_done": "Your mail goes to {new} from now on. What is on its way may still go to the old address.",
    "change_taken_title": "Nothing was changed",
    "change_taken": (
        "This mailbox receives our mail already. Change what it receives by a link in that mail, "
        "and end the mail to your old address by a link in those."
    ),
    "change_over_title": "There is nothing to confirm here",
    "change_over": (
        "This change was withdrawn, a newer one took its place, or it is older than seven days. "
        "Ask for it again on the page where you choose what you receive."
    ),
    "data_title": "Your data",
    "data_explain": "Everything that we hold about you, in a file that people and programs can read (JSON).",
    "data_button": "Download my data",
    "rights_first": (
        "So that nobody can do this in your name, we first write to {address}, with a link that is good for {hours} hours."
    ),
    "rights_button": "Write to me",
    "rights_written_title": "A mail is on its way",
    "rights_written": (
        "It goes to {address}. Open its link within {hours} hours and press the button there. Until then nothing happens."
    ),
    "rights_nothing_came": "If none comes, look among unwanted mail, or write to {contact}.",
    "rights_already_title": "We have written to you already",
    "rights_already": (
        "Open the link of the mail that went to {address}. It is good for {hours} hours. You can ask for another one later."
    ),
    "rights_unreachable_title": "We cannot write to you",
    "rights_unreachable": (
        "This takes a mail to {address}, and at present nothing can be sent there: mail to it came back, or somebody asked us "
        "not to write there. Write to {contact} instead: a person will do it for you."
    ),
    "rights_over_title": "This link is not good any more",
    "rights_over": (
        "It is good for {hours} hours, and as long as your mail goes to the same address. "
        "Ask again on the page where you choose what you receive."
    ),
    "data_get": "Download the file",
    "erase_ask": "Erase everything about me",
    "erase_title": "Erase everything about you?",
    "erase_explain": (
        "Your address, your choices and the record of what was sent to you are deleted. We keep a code only, from which nobody "
        "can read your address, so that no list brings it back to us. This cannot be undone."
    ),
    "erase_button": "Erase everything",
    "erase_instead": "Or only unsubscribe",
    "erased_title": "Everything about you is erased",
    "erased_explain": "A mail that is on its way may still arrive. The links in our mails name nobody any more.",
    "unsubscribe_ask_plain": "Stop receiving this newsletter?",
    "unsubscribe_all_button": "Unsubscribe from all our newsletters",
    "left_explain_plain": "You will get no more mail of this newsletter. A mail that is on its way may still arrive.",
    "left_all_explain": "You will get no more newsletters from us. A mail that is on its way may still arrive.",
    "left_one_click": "You are unsubscribed.",
}

ZH: Final[dict[str, str]] = {
    "choices_mine": "您的通讯",
    "choices_more": "更多通讯",
    "choices_add": "也给我寄送",
    "choices_rhythm": "频率",
    "choices_rhythm_explain": "更改后的第一封邮件可能重复您已收到的内容，也可能从新频率的下一期开始。",
    "rhythm_each": "每有新内容",
    "rhythm_daily": "每日",
    "rhythm_weekly": "每周",
    "rhythm_monthly": "每月",
    "choices_region": "国家或地区",
    "choices_region_explain": "部分链接会指向适合您所在国家或地区的页面。",
    "choices_region_none": "不选",
    "choices_leave": "不再给我寄送",
    "choices_all": "适用于全部通讯",
    "choices_zone": "时区",
    "choices_zone_explain": "用于按您当地时间寄送的通讯。",
    "choices_zone_none": "以各通讯的时区为准",
    "choices_pause": "暂停",
    "choices_pause_explain": "在此期间不给您寄送邮件，之后自动恢复。",
    "choices_pause_none": "不暂停",
    "choices_paused": "暂停至 {date}",
    "choices_go_on": "立即恢复",
    "choices_mend": "请查看下面标出的地方。尚未保存，您的选择都还在。",
    "choices_bad": "请从列表中选择。",
    "choices_nothing": "您目前没有订阅任何通讯。",
    "choices_suppressed": (
        "目前不向您的邮箱寄送邮件：寄往该邮箱的邮件被退回，或有人要求我们不再寄送。如需更改，请写信至 {contact}。"
    ),
    "address_title": "更换邮箱",
    "address_explain": (
        "您的邮件目前寄往 {address}。我们会写信给旧邮箱和新邮箱，两边都同意后才更改。"
        "如果您已无法查看旧邮箱，请写信至 {contact}。"
    ),
    "address_email": "新邮箱",
    "address_button": "写信给两个邮箱",
    "address_written": "我们正在写信给两个邮箱。请在七天内打开两封邮件中的链接并同意。",
    "address_same": "您的邮件已经寄往这个邮箱。",
    "address_no_address": "这不是邮箱地址。格式如 name@example.org。",
    "address_no_reader": "此处不接受该邮箱。请填写您长期使用的个人邮箱。",
    "address_too_often": "您今天已多次申请更改。请明天再试，或写信至 {contact}。",
    "change_title": "更换邮箱",
    "change_ask_old": "今后将您的邮件寄往 {new}？",
    "change_ask_new": "今后将 {old} 的邮件寄往本邮箱？",
    "change_yes": "同意更改",
    "change_no": "不同意，一切照旧",
    "change_waiting_title": "谢谢，还差一步",
    "change_waiting": "现在还需另一个邮箱同意，我们已写信给它。如果您已无法查看那个邮箱，请写信至 {contact}。",
    "change_done_title": "您的邮箱已更改",
    "change_done": "今后您的邮件寄往 {new}。已在途中的邮件仍可能寄到旧邮箱。",
    "change_taken_title": "未作更改",
    "change_taken": "本邮箱已在接收我们的邮件。请通过这些邮件中的链接更改订阅内容，并通过旧邮箱邮件中的链接退订。",
    "change_over_title": "这里没有需要确认的内容",
    "change_over": "该申请已撤回、已被新的申请取代，或已超过七天。请在选择订阅内容的页面上重新申请。",
    "data_title": "您的数据",
    "data_explain": "我们保存的有关您的全部内容，为人和程序都可读取的文件（JSON）。",
    "data_button": "下载我的数据",
    "rights_first": "为防止他人以您的名义操作，我们会先写信至 {address}，信中的链接 {hours} 小时内有效。",
    "rights_button": "给我写信",
    "rights_written_title": "邮件已在途中",
    "rights_written": "邮件寄往 {address}。请在 {hours} 小时内打开其中的链接并按下那里的按钮。在此之前不会有任何变化。",
    "rights_nothing_came": "如果没有收到，请查看垃圾邮件，或写信至 {contact}。",
    "rights_already_title": "我们已经写信给您",
    "rights_already": "请打开寄往 {address} 的邮件中的链接，链接 {hours} 小时内有效。您可以稍后再申请一次。",
    "rights_unreachable_title": "我们无法写信给您",
    "rights_unreachable": (
        "这需要向 {address} 发送邮件，但目前无法寄送：寄往该邮箱的邮件被退回，或有人要求我们不再寄送。"
        "请改为写信至 {contact}，由工作人员为您办理。"
    ),
    "rights_over_title": "此链接已失效",
    "rights_over": "链接在 {hours} 小时内有效，且仅在您的邮件仍寄往同一邮箱时有效。请在选择订阅内容的页面上重新申请。",
    "data_get": "下载文件",
    "erase_ask": "删除有关我的一切",
    "erase_title": "删除有关您的一切？",
    "erase_explain": (
        "您的邮箱、您的选择和寄送记录都会被删除。我们只保留一个代码，任何人都无法从中读出您的邮箱，"
        "以免某份名单再把它带回来。此操作无法撤销。"
    ),
    "erase_button": "全部删除",
    "erase_instead": "或仅退订",
    "erased_title": "有关您的一切已删除",
    "erased_explain": "已在途中的邮件仍可能送达。我们邮件中的链接不再指向任何人。",
    "unsubscribe_ask_plain": "不再接收本通讯？",
    "unsubscribe_all_button": "退订我们的全部通讯",
    "left_explain_plain": "您不会再收到本通讯。已在途中的邮件仍可能送达。",
    "left_all_explain": "您不会再收到我们的通讯。已在途中的邮件仍可能送达。",
    "left_one_click": "您已退订。",
}

AR: Final[dict[str, str]] = {
    "choices_mine": "نشراتك",
    "choices_more": "نشرات أخرى",
    "choices_add": "أرسلوا إليّ هذه أيضا",
    "choices_rhythm": "كم مرة",
    "choices_rhythm_explain": "قد تكرر الرسالة الأولى بعد التغيير ما وصلك من قبل، أو تبدأ من حيث تستمر النشرة الأخرى.",
    "rhythm_each": "مع كل مادة جديدة",
    "rhythm_daily": "يوميا",
    "rhythm_weekly": "أسبوعيا",
    "rhythm_monthly": "شهريا",
    "choices_region": "البلد",
    "choices_region_explain": "تقود بعض الروابط إلى صفحة خاصة ببلدك.",
    "choices_region_none": "بلا تحديد",
    "choices_leave": "لا ترسلوا إليّ هذه بعد الآن",
    "choices_all": "لجميع النشرات",
    "choices_zone": "المنطقة الزمنية",
    "choices_zone_explain": "للنشرات التي تصل حسب وقتك المحلي.",
    "choices_zone_none": "منطقة كل نشرة",
    "choices_pause": "إيقاف مؤقت",
    "choices_pause_explain": "لن يُرسل إليك شيء طوال هذه المدة، ثم يُستأنف الإرسال تلقائيا.",
    "choices_pause_none": "بلا إيقاف",
    "choices_paused": "موقوف حتى {date}",
    "choices_go_on": "استأنفوا الآن",
    "choices_mend": "يرجى النظر في ما أُشير إليه أدناه. لم يُحفظ شيء، ولم تضع أي من خياراتك.",
    "choices_bad": "اختر من القائمة.",
    "choices_nothing": "لست مشتركا في أي نشرة حاليا.",
    "choices_suppressed": (
        "لا يُرسل شيء إلى عنوانك حاليا: ارتدت رسائل منه، أو طلب أحدهم ألا نكتب إليه. لتغيير ذلك اكتب إلى {contact}."
    ),
    "address_title": "عنوان آخر",
    "address_explain": (
        "يُرسل بريدك إلى {address}. نكتب إلى العنوان القديم والجديد، ولا نغيّر شيئا حتى يوافق كلاهما. "
        "إن لم يعد بإمكانك قراءة بريد العنوان القديم فاكتب إلى {contact}."
    ),
    "address_email": "عنوان البريد الجديد",
    "address_button": "اكتبوا إلى العنوانين",
    "address_written": "نكتب الآن إلى العنوانين. افتح الرابط في كل من الرسالتين خلال سبعة أيام ووافق.",
    "address_same": "يُرسل بريدك إلى هذا العنوان بالفعل.",
    "address_no_address": "هذا ليس عنوان بريد. يكون على شكل name@example.org.",
    "address_no_reader": "لا يُقبل هذا العنوان هنا. اكتب عنوانا دائما يخص شخصا.",
    "address_too_often": "طلبت عدة تغييرات اليوم. حاول غدا، أو اكتب إلى {contact}.",
    "change_title": "تغيير عنوانك",
    "change_ask_old": "هل نرسل بريدك إلى {new} من الآن فصاعدا؟",
    "change_ask_new": "هل نرسل بريد {old} إلى هذا العنوان من الآن فصاعدا؟",
    "change_yes": "نعم، غيّروه",
    "change_no": "لا، أبقوه كما هو",
    "change_waiting_title": "شكرا، بقيت موافقة واحدة",
    "change_waiting": "بقي أن يوافق العنوان الآخر، وقد كتبنا إليه أيضا. إن لم يعد بإمكانك قراءة بريده فاكتب إلى {contact}.",
    "change_done_title": "تغيّر عنوانك",
    "change_done": "يُرسل بريدك إلى {new} من الآن فصاعدا. قد تصل رسالة في طريقها إلى العنوان القديم.",
    "change_taken_title": "لم يتغير شيء",
    "change_taken": (
        "يتلقى هذا الصندوق بريدنا بالفعل. غيّر ما يصله عبر رابط في ذلك البريد، وأنهِ بريد عنوانك القديم عبر رابط في رسائله."
    ),
    "change_over_title": "لا شيء هنا لتأكيده",
    "change_over": "سُحب هذا الطلب، أو حل محله طلب أحدث، أو مضت عليه سبعة أيام. اطلبه مجددا في صفحة اختيار ما يصلك.",
    "data_title": "بياناتك",
    "data_explain": "كل ما نحتفظ به عنك، في ملف يقرؤه الناس والبرامج (JSON).",
    "data_button": "نزّل بياناتي",
    "rights_first": "كي لا يفعل أحد ذلك باسمك نكتب أولا إلى {address}، وفي الرسالة رابط صالح لمدة {hours} ساعة.",
    "rights_button": "اكتبوا إليّ",
    "rights_written_title": "الرسالة في طريقها",
    "rights_written": "نرسلها إلى {address}. افتح رابطها خلال {hours} ساعة واضغط الزر هناك. لا يحدث شيء قبل ذلك.",
    "rights_nothing_came": "إن لم تصلك فابحث في البريد غير المرغوب فيه، أو اكتب إلى {contact}.",
    "rights_already_title": "كتبنا إليك بالفعل",
    "rights_already": (
        "افتح رابط الرسالة التي أُرسلت إلى {address}. الرابط صالح لمدة {hours} ساعة. يمكنك أن تطلب رسالة أخرى لاحقا."
    ),
    "rights_unreachable_title": "لا نستطيع أن نكتب إليك",
    "rights_unreachable": (
        "يتطلب ذلك رسالة إلى {address}، ولا يمكن إرسال شيء إليه حاليا: ارتدت رسائل منه، أو طلب أحدهم ألا نكتب إليه. "
        "اكتب بدلا من ذلك إلى {contact} وسيتولى شخص الأمر عنك."
    ),
    "rights_over_title": "لم يعد هذا الرابط صالحا",
    "rights_over": (
        "الرابط صالح لمدة {hours} ساعة، وما دام بريدك يُرسل إلى العنوان نفسه. اطلبه مجددا في صفحة اختيار ما يصلك."
    ),
    "data_get": "نزّل الملف",
    "erase_ask": "امحُ كل ما يتعلق بي",
    "erase_title": "هل نمحو كل ما يتعلق بك؟",
    "erase_explain": (
        "يُحذف عنوانك وخياراتك وسجل ما أُرسل إليك. لا نحتفظ إلا برمز لا يمكن لأحد أن يقرأ منه عنوانك، "
        "كي لا تعيده إلينا أي قائمة. لا يمكن التراجع عن ذلك."
    ),
    "erase_button": "امحُ كل شيء",
    "erase_instead": "أو ألغِ الاشتراك فقط",
    "erased_title": "مُحي كل ما يتعلق بك",
    "erased_explain": "قد تصلك رسالة كانت في طريقها. لم تعد الروابط في رسائلنا تشير إلى أحد.",
    "unsubscribe_ask_plain": "هل تريد التوقف عن تلقي هذه النشرة؟",
    "unsubscribe_all_button": "إلغاء الاشتراك في جميع نشراتنا",
    "left_explain_plain": "لن تصلك رسائل أخرى من هذه النشرة. قد تصلك رسالة أُرسلت قبل ذلك.",
    "left_all_explain": "لن تصلك نشرات منا بعد الآن. قد تصلك رسالة أُرسلت قبل ذلك.",
    "left_one_click": "أُلغي اشتراكك.",
}
