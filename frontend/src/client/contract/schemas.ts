export interface User {
  id: string;
  name: string;
  guest: boolean;
}

export interface Session {
  access_token: string;
  refresh_token: string;
  expires_in: number;
  user: User;
}

export interface Room {
  id: string;
  name: string;
  kind: "public" | "private";
  seq: number;
  epoch: string;
  created_at: string;
  member_count: number;
  role: "owner" | "member" | null;
  read_seq: number;
  unread: number;
}

export interface Member {
  user: User;
  role: "owner" | "member";
  joined_at: string;
  read_seq: number;
  online: boolean;
}

export interface MessageStream {
  state: "open" | "finished" | "stopped" | "interrupted" | "failed";
  offset: number;
  content_type: "text/plain" | "text/markdown" | "application/json";
  lease: number;
  by?: User;
  reason?: string;
}

export interface Message {
  id: string;
  room_id: string;
  seq: number;
  changed_seq: number;
  author: User;
  kind: "text" | "json" | "stream";
  text: string | null;
  client_id: string;
  created_at: string;
  edited_at?: string;
  deleted?: boolean;
  data?: unknown;
  stream?: MessageStream;
}

export interface Changes {
  verdict: "resumed" | "replayed" | "snapshot";
  epoch: string;
  seq: number;
  changes: { [k: string]: unknown }[];
  more: boolean;
  reason?: "epoch" | "ahead" | "not_found";
}

export interface History {
  messages: Message[];
  more: boolean;
}

export interface Invite {
  room_id: string;
  invite: string;
  expires_at: string;
}

export interface Presence {
  room_id: string;
  online: string[];
}

export interface OpenedStream {
  stream_id: string;
  lease: number;
  lease_s: number;
  message: Message;
}

export interface ContinuedStream {
  stream_id: string;
  lease: number;
  lease_s: number;
  offset: number;
}

export interface StreamReceipt {
  stream_id: string;
  state: MessageStream["state"];
  by: User | null;
  reason: string | null;
  offset: number;
}

export interface StreamView {
  stream_id: string;
  state: MessageStream["state"];
  content_type: MessageStream["content_type"];
  offset: number;
  text?: string;
  items?: unknown[];
  end: number;
}

export interface TextSource {
  kind: "text";
  text: string;
  pace_ms: number;
}
