import type {
  Changes,
  ContinuedStream,
  Message,
  MessageStream,
  OpenedStream,
  Presence,
  Room,
  StreamReceipt,
  StreamView,
  TextSource,
  User,
} from "./schemas";

export interface ErrorBody {
  code: string;
  message: string;
  fields?: Record<string, string>;
  retry_after?: number;
  offset?: number;
}

export type Ack<T> = { ok: true; data: T } | { ok: false; error: ErrorBody };
type Command<I, O> = (input: I, ack: (answer: Ack<O>) => void) => void;

export interface ClientToServerEvents {
  "session:resume": Command<{ epoch: string; rooms: Record<string, number> }, { rooms: Record<string, Changes> }>;
  "session:renew": Command<{ token: string }, { expires_in: number }>;
  "room:create": Command<{ name: string; kind: "public" | "private" }, Room>;
  "room:join": Command<{ room_id: string; invite?: string }, Room>;
  "room:leave": Command<{ room_id: string }, Room>;
  "message:send": Command<
    { room_id: string; client_id: string; text?: string; kind?: "text" | "json"; data?: unknown },
    Message
  >;
  "message:edit": Command<{ room_id: string; message_id: string; text: string }, Message>;
  "message:delete": Command<{ room_id: string; message_id: string }, Message>;
  "typing:start": Command<{ room_id: string }, null>;
  "typing:stop": Command<{ room_id: string }, null>;
  "read:mark": Command<{ room_id: string; seq: number }, null>;
  "presence:list": Command<{ room_id: string }, Presence>;
  "stream:open": Command<
    { room_id: string; client_id: string; content_type: MessageStream["content_type"]; source?: TextSource },
    OpenedStream
  >;
  "stream:append": Command<
    { stream_id: string; lease: number; offset: number; text?: string; items?: unknown[] },
    { offset: number }
  >;
  "stream:renew": Command<{ stream_id: string; lease: number }, { offset: number }>;
  "stream:finish": Command<{ stream_id: string; lease: number }, { offset: number }>;
  "stream:continue": Command<{ stream_id: string }, ContinuedStream>;
  "stream:stop": Command<{ stream_id: string; reason?: string }, StreamReceipt>;
  "stream:view": Command<{ stream_id: string; offset: number }, StreamView>;
}

interface MessageEvent {
  room_id: string;
  seq: number;
  message: Message;
}
interface MemberEvent {
  room_id: string;
  seq: number;
  user: User;
}

export interface ServerToClientEvents {
  "session:ready": (event: {
    user: User;
    epoch: string;
    limits: {
      text: number;
      stream: number;
      packet_bytes: number;
      queue_bytes: number;
      rate: Record<string, string> | null;
    };
    server: { name: string; version: string };
  }) => void;
  "session:expiring": (event: { expires_in: number }) => void;
  "session:ended": (event: { reason: string; message: string; reconnect: boolean }) => void;
  "message:created": (event: MessageEvent) => void;
  "message:edited": (event: MessageEvent) => void;
  "message:deleted": (event: MessageEvent) => void;
  "stream:opened": (event: MessageEvent) => void;
  "stream:ended": (event: MessageEvent) => void;
  "stream:appended": (event: {
    stream_id: string;
    room_id: string;
    offset: number;
    text?: string;
    items?: unknown[];
  }) => void;
  "member:joined": (event: MemberEvent) => void;
  "member:left": (event: MemberEvent) => void;
  "presence:changed": (event: { room_id: string; online: string[]; offline: string[] }) => void;
  "typing:changed": (event: { room_id: string; user: User; typing: boolean }) => void;
  "read:marked": (event: { room_id: string; user_id: string; seq: number }) => void;
  "unread:changed": (event: { room_id: string; seq: number; unread: number }) => void;
}
