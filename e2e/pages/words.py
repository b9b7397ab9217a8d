"""The words by which people find things on the page, in its languages."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    guest: str
    sign_in: str
    sign_up: str
    your_name: str
    password: str
    show_password: str
    enter_as_guest: str
    unreachable: str
    try_again: str
    my_rooms: str
    public_rooms: str
    new_room: str
    room_name: str
    invited_people: str
    create_room: str
    join: str
    join_lobby: str
    accept_invitation: str
    leave_room: str
    room_menu: str
    message_actions: str
    invite: str
    invitation_link: str
    show_people: str
    people: str
    messages_in: str
    message: str
    send: str
    live_text: str
    text: str
    pace: str
    start_writing: str
    stop: str
    replay: str
    edit_message: str
    delete_message: str
    edit_field: str
    save: str
    delete: str
    cancel: str
    close: str
    jump: str
    connection: str
    connected: str
    polling_only: str
    websocket_only: str
    automatic: str
    account: str
    sign_out: str
    wire_check: str
    polling: str
    upgrade: str
    run_all: str
    stream_text: str
    start: str
    console: str
    namespace: str
    event: str
    arguments: str
    ask_for_ack: str
    pause: str
    resume: str
    clear: str
    copy_shown: str
    panes: Mapping[str, str]


EN = Words(
    guest="Guest",
    sign_in="Sign in",
    sign_up="Create account",
    your_name="Your name",
    password="Password",
    enter_as_guest="Continue as guest",
    unreachable="Can’t reach the API",
    show_password="Show password",
    try_again="Try again",
    my_rooms="Your rooms",
    public_rooms="Public rooms",
    new_room="New room",
    room_name="Name",
    invited_people="Invited people",
    create_room="Create room",
    join="Join {}",
    join_lobby="Join the lobby",
    accept_invitation="Join the room",
    leave_room="Leave room",
    room_menu="Room menu",
    message_actions="Message actions",
    invite="Invite",
    invitation_link="Invitation link",
    show_people="Show members",
    people="Members",
    messages_in="Messages in {}",
    message="Message",
    send="Send",
    live_text="Live text",
    text="Text",
    pace="Speed",
    start_writing="Start",
    stop="Stop",
    replay="Replay",
    edit_message="Edit message",
    delete_message="Delete message",
    edit_field="Edit your message",
    save="Save",
    delete="Delete",
    cancel="Cancel",
    close="Close",
    jump="Jump to latest",
    connection="Connection",
    connected="Connected",
    polling_only="Polling only",
    websocket_only="WebSocket only",
    automatic="Automatic",
    account="Account",
    sign_out="Sign out",
    wire_check="Wire check",
    polling="Polling",
    upgrade="Upgrade",
    run_all="Run all",
    stream_text="Text to stream",
    start="Start",
    console="Console",
    namespace="Namespace",
    event="Event",
    arguments="Arguments",
    ask_for_ack="Request an ack",
    pause="Pause",
    resume="Resume",
    clear="Clear",
    copy_shown="Copy shown entries",
    panes={"rows": "Checks", "console": "Console", "typewriter": "Typewriter"},
)

ZH = Words(
    guest="访客",
    sign_in="登录",
    sign_up="注册账号",
    your_name="你的名字",
    password="密码",
    enter_as_guest="以访客身份继续",
    unreachable="无法连接 API",
    show_password="显示密码",
    try_again="重试",
    my_rooms="我的房间",
    public_rooms="公开房间",
    new_room="新建房间",
    room_name="名称",
    invited_people="受邀的人",
    create_room="创建房间",
    join="加入“{}”",
    join_lobby="加入 lobby 房间",
    leave_room="退出房间",
    accept_invitation="加入房间",
    room_menu="房间菜单",
    message_actions="消息操作",
    invite="邀请",
    invitation_link="邀请链接",
    show_people="显示成员",
    people="成员",
    messages_in="“{}”的消息",
    message="消息",
    send="发送",
    live_text="实时文本",
    text="文本",
    pace="速度",
    start_writing="开始",
    stop="停止",
    replay="重播",
    edit_message="编辑消息",
    delete_message="删除消息",
    edit_field="编辑消息内容",
    save="保存",
    delete="删除",
    cancel="取消",
    close="关闭",
    jump="跳到最新",
    connection="连接",
    connected="已连接",
    polling_only="仅轮询",
    websocket_only="仅 WebSocket",
    automatic="自动",
    account="账号",
    sign_out="退出登录",
    wire_check="连接检测",
    polling="轮询",
    upgrade="升级",
    run_all="全部运行",
    stream_text="要逐字发送的文本",
    start="开始",
    console="控制台",
    namespace="命名空间",
    event="事件",
    arguments="参数",
    ask_for_ack="请求确认",
    pause="暂停",
    resume="继续",
    clear="清空",
    copy_shown="复制显示的内容",
    panes={"rows": "检查项", "console": "控制台", "typewriter": "打字机"},
)

WORDS = {"en": EN, "zh": ZH}
