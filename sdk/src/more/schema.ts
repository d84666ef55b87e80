/** The event types of this file; see ../schema.ts for how to read it. */
export const TABLE = `12page page_visible -page_hidden
17mouse mouse_move mouse_enter mouse_leave
20scroll scroll scroll_milestone
22input input_focus input_blur input_change
25form form_start !form_submit -form_abandon form_error
33performance -page_load -web_vitals -long_task -memory
37network -xhr_request -fetch_request -websocket_open -websocket_close -websocket_error
43media -media_play -media_pause -media_seek -media_complete -media_error
48clipboard copy cut paste
51selection text_select
52resize -window_resize -orientation_change
60replay -replay_chunk`;
