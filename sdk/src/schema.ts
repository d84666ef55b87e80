/**
 * The core's event types as a table: a category's line begins with the field number of its first type in `Event.payload`, the others follow.
 * `!` goes out within `urgentWaitMs`; `-` is not something the visitor did. test/protobuf.test.ts compares it with events.proto.
 */
const TABLE = `10page !page_view !-page_exit
14mouse !click !dblclick !context_menu
29error !-js_error !-unhandled_rejection !-resource_error !-console_error
42 -network_activity
54dom -dom_mutation
55custom !custom_event !identify !group
58session !-session_start !-session_end`;

export interface EventKind {
  readonly fieldNumber: number;
  readonly eventCategory: string;
  readonly urgent: boolean;
  readonly isPassive: boolean;
}

export const kinds: Record<string, EventKind> = {};

/** The second file brings its own. */
export function register(table: string): void {
  for (const line of table.split('\n')) {
    const [head, ...types] = line.split(' ') as [string, ...string[]];
    types.forEach((type, index) => {
      kinds[type.replace(/\W/g, '')] = {
        fieldNumber: Number(head.slice(0, 2)) + index,
        eventCategory: head.slice(2),
        urgent: type[0] === '!',
        isPassive: /-/.test(type),
      };
    });
  }
}

register(TABLE);
