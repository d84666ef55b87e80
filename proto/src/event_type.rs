//! The event types: one table from a payload's field number in `gosight.v1.Event` to its name and category.

use crate::v1::{Event, event::Payload};

macro_rules! categories {
    ($($name:literal $variant:ident,)*) => {
        /// What an SDK switches on and off together; `settings.disabled_categories` holds these names.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Category {
            $($variant,)*
        }

        impl Category {
            /// Every category.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name on the wire.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The category of this name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|category| category.name() == name)
            }
        }
    };
}

categories! {
    "session" Session,
    "page" Page,
    "mouse" Mouse,
    "scroll" Scroll,
    "input" Input,
    "form" Form,
    "error" Error,
    "performance" Performance,
    "network" Network,
    "media" Media,
    "clipboard" Clipboard,
    "selection" Selection,
    "resize" Resize,
    "dom" Dom,
    "custom" Custom,
    "replay" Replay,
}

macro_rules! event_types {
    ($($number:literal $name:literal $variant:ident $category:ident,)*) => {
        /// What kind of thing a visitor did; its number is the payload's field number, its name the payload's field name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum EventType {
            $($variant = $number,)*
        }

        impl EventType {
            /// Every type, by number.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The type whose payload has this field number.
            pub const fn from_number(number: u32) -> Option<Self> {
                match number {
                    $($number => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// The type of this snake_case name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// The snake_case name, the same on every surface.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            pub const fn category(self) -> Category {
                match self {
                    $(Self::$variant => Category::$category,)*
                }
            }
        }

        impl Payload {
            pub const fn event_type(&self) -> EventType {
                match self {
                    $(Self::$variant(_) => EventType::$variant,)*
                }
            }
        }
    };
}

event_types! {
    10 "page_view" PageView Page,
    11 "page_exit" PageExit Page,
    12 "page_visible" PageVisible Page,
    13 "page_hidden" PageHidden Page,
    14 "click" Click Mouse,
    15 "dblclick" Dblclick Mouse,
    16 "context_menu" ContextMenu Mouse,
    17 "mouse_move" MouseMove Mouse,
    18 "mouse_enter" MouseEnter Mouse,
    19 "mouse_leave" MouseLeave Mouse,
    20 "scroll" Scroll Scroll,
    21 "scroll_milestone" ScrollMilestone Scroll,
    22 "input_focus" InputFocus Input,
    23 "input_blur" InputBlur Input,
    24 "input_change" InputChange Input,
    25 "form_start" FormStart Form,
    26 "form_submit" FormSubmit Form,
    27 "form_abandon" FormAbandon Form,
    28 "form_error" FormError Form,
    29 "js_error" JsError Error,
    30 "unhandled_rejection" UnhandledRejection Error,
    31 "resource_error" ResourceError Error,
    32 "console_error" ConsoleError Error,
    33 "page_load" PageLoad Performance,
    34 "web_vitals" WebVitals Performance,
    35 "long_task" LongTask Performance,
    36 "memory" Memory Performance,
    37 "xhr_request" XhrRequest Network,
    38 "fetch_request" FetchRequest Network,
    39 "websocket_open" WebsocketOpen Network,
    40 "websocket_close" WebsocketClose Network,
    41 "websocket_error" WebsocketError Network,
    42 "network_activity" NetworkActivity Network,
    43 "media_play" MediaPlay Media,
    44 "media_pause" MediaPause Media,
    45 "media_seek" MediaSeek Media,
    46 "media_complete" MediaComplete Media,
    47 "media_error" MediaError Media,
    48 "copy" Copy Clipboard,
    49 "cut" Cut Clipboard,
    50 "paste" Paste Clipboard,
    51 "text_select" TextSelect Selection,
    52 "window_resize" WindowResize Resize,
    53 "orientation_change" OrientationChange Resize,
    54 "dom_mutation" DomMutation Dom,
    55 "custom_event" CustomEvent Custom,
    56 "identify" Identify Custom,
    57 "group" Group Custom,
    58 "session_start" SessionStart Session,
    59 "session_end" SessionEnd Session,
    60 "replay_chunk" ReplayChunk Replay,
}

impl EventType {
    /// The payload's field number in `gosight.v1.Event`.
    pub const fn number(self) -> u32 {
        self as u32
    }
}

impl Event {
    /// None when there is no payload, or one this version does not know.
    pub fn event_type(&self) -> Option<EventType> {
        self.payload.as_ref().map(Payload::event_type)
    }
}

impl std::fmt::Display for EventType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_oneof_of_the_proto_file() {
        let event = crate::json::descriptor("gosight.v1.Event").unwrap();
        let payload = event.oneofs().find(|oneof| oneof.name() == "payload").unwrap();
        let fields: Vec<_> = payload
            .fields()
            .map(|field| (field.number(), field.name().to_owned()))
            .collect();
        let table: Vec<_> = EventType::ALL
            .iter()
            .map(|kind| (kind.number(), kind.name().to_owned()))
            .collect();
        assert_eq!(table, fields);
        for kind in EventType::ALL {
            assert_eq!(EventType::from_name(kind.name()), Some(*kind));
            assert_eq!(EventType::from_number(kind.number()), Some(*kind));
        }
    }
}
