// A visit to a space: joined, and joined again after the connection was lost.
// Chat goes on exactly where it stopped.

import { forbidden, replaced } from "../closes";
import * as links from "../link";
import * as chats from "./chat";
import type { Motion } from "./motion";
import { decodePoses, encodePose, type Pose } from "./pose";
import type { Event, Out, State } from "./state";
import { type Fault, type Frame, type Json, parseFrame, readEvents, readFault, readMessage, readMessages } from "./wire";

export interface Socket extends links.Socket {
  binaryType: string;
  readyState: number;
  send(data: string | ArrayBuffer): void;
}

export interface Surroundings extends links.Surroundings {
  space: string; // type:id:subspace
  state(): State;
  dispatch(event: Event): void;
  onEmote(session: string, emote: string): void;
  motion: Motion;
  connect(protocols: string[]): Socket;
  pose(): Pose; // where we stand, for the moment of entering
  newId(): string;
}

const answerWithin = 10_000;
const pageSize = 50;
const catchUpSize = 200;
const isOpen = 1;

export class Refused extends Error {
  constructor(readonly fault: Fault) {
    super(fault.message);
  }
}

interface Request {
  resolve(body: Json): void;
  reject(why: Refused): void;
}

export class Visit {
  private nsfw = false;
  private requests = new Map<number, Request>();
  private lastRequest = 0;
  private catching = false;
  private readonly link: links.Link<Socket>;

  constructor(private readonly world: Surroundings) {
    this.link = new links.Link(world, {
      dial: (token) => {
        const socket = world.connect(["presence.space.v1", `bearer.${token.text}`]);
        socket.binaryType = "arraybuffer";
        return socket;
      },
      receive: (data) => {
        if (data instanceof ArrayBuffer) this.receivePoses(data);
        else if (typeof data === "string") this.receive(parseFrame(data));
      },
      ping: () => this.send({ type: "ping", id: ++this.lastRequest }),
      tell: (standing) => this.tell(standing),
      ended: () => this.dropRequests(),
      isFinal: (code, reason) => this.isFinal(code, reason),
    });
  }

  enter(nsfw = this.nsfw): void {
    this.nsfw = nsfw;
    this.link.start();
  }

  leave(): void {
    if (this.link.socket?.readyState === isOpen) this.send({ type: "leave" });
    this.link.stop();
    this.world.dispatch({ type: "phase", phase: { is: "outside" } });
  }

  wake(): void {
    this.link.wake();
  }

  wentOnline(): void {
    if (this.world.state().phase.is === "offline") this.enter();
    else this.wake();
  }

  wentOffline(): void {
    if (!this.wantsIn()) return;
    this.link.stop();
    this.world.dispatch({ type: "phase", phase: { is: "offline" } });
  }

  // suspend closes the socket of a page that is put away whole, resume goes
  // back in when it is taken out again.
  suspend(): void {
    this.link.stop();
  }

  resume(): void {
    if (this.wantsIn()) this.enter();
  }

  move(pose: Pose, teleport: boolean): void {
    if (this.world.state().phase.is === "inside" && this.link.socket?.readyState === isOpen) this.link.socket.send(encodePose(pose, teleport));
  }

  // emote comes back to us as it comes to the others.
  emote(emote: string): void {
    this.send({ type: "emote", emote });
  }

  typing(on: boolean): void {
    this.send({ type: "typing", on });
  }

  say(content: string, parent = 0, replyTo = 0): void {
    const line = { clientId: this.world.newId(), content, parent, replyTo, at: this.world.now(), fault: null };
    this.world.dispatch({ type: "write", line });
    void this.deliver(line);
  }

  resend(clientId: string): void {
    const line = this.world.state().chat.pending.find((p) => p.clientId === clientId);
    if (!line) return;
    this.world.dispatch({ type: "write", line });
    void this.deliver(line);
  }

  async edit(id: number, content: string): Promise<void> {
    await this.alter({ type: "chat.edit", message_id: id, content });
  }

  async remove(id: number): Promise<void> {
    await this.alter({ type: "chat.delete", message_id: id });
  }

  async react(id: number, reaction: string, on: boolean): Promise<void> {
    await this.alter({ type: "chat.react", message_id: id, reaction, on });
  }

  async older(): Promise<void> {
    const body = await this.ask({ type: "chat.history", before: this.world.state().chat.oldest, limit: pageSize });
    this.world.dispatch({ type: "older", messages: readMessages(body.messages), hasOlder: body.has_more === true });
  }

  async thread(parent: number): Promise<void> {
    const body = await this.ask({ type: "chat.history", parent_id: parent, limit: 100 });
    this.world.dispatch({ type: "thread", parent, messages: readMessages(body.messages).filter((m) => m.parent === parent), isWhole: body.has_more !== true });
  }

  giveUp(clientId: string): void {
    this.world.dispatch({ type: "give up", clientId });
  }

  // seen notes what was read, also on the server for who has an account there.
  seen(id: number, isKept: boolean): void {
    if (id <= this.world.state().chat.seen) return;
    this.world.dispatch({ type: "seen", id });
    if (isKept) this.send({ type: "chat.read", message_id: id });
  }

  private wantsIn(): boolean {
    const { is } = this.world.state().phase;
    return is !== "outside" && is !== "out";
  }

  private async alter(request: Json): Promise<void> {
    const body = await this.ask(request);
    if (body.message) this.world.dispatch({ type: "changed", message: readMessage(body.message) });
  }

  // A line whose connection broke stays on its way: the next visit sends it
  // again. Only the server's own no makes it failed.
  private async deliver(line: chats.Pending): Promise<void> {
    const request: Json = { type: "chat.send", client_id: line.clientId, content: line.content };
    if (line.parent) request.parent_id = line.parent;
    if (line.replyTo) request.reply_to = line.replyTo;
    try {
      const body = await this.ask(request);
      this.world.dispatch({ type: "stored", message: readMessage(body.message) });
    } catch (e) {
      if (e instanceof Refused && e.fault.code !== "lost") this.world.dispatch({ type: "failed", clientId: line.clientId, fault: e.fault });
    }
  }

  private tell(standing: links.Standing): void {
    switch (standing.is) {
      case "waiting":
        return this.world.dispatch({ type: "phase", phase: { is: "lost", retryAt: standing.retryAt, reason: standing.reason } });
      case "refused":
        return this.out("signin", standing.reason, standing.isOwn ? "Sign in again, or go on as a guest." : "Sign in to enter.");
      default:
        return this.world.dispatch({ type: "phase", phase: { is: standing.is } });
    }
  }

  private isFinal(code: number, reason: string): boolean {
    if (code === replaced) this.out("replaced", reason || "You entered this space somewhere else.", "");
    else if (code === forbidden) this.out("kicked", reason || "You were put out of this space.", "");
    else return false;
    return true;
  }

  private receivePoses(data: ArrayBuffer): void {
    const frame = decodePoses(data);
    if (frame) this.world.motion.receive(frame.tick, frame.movers);
  }

  private receive(frame: Frame): void {
    const { dispatch, motion } = this.world;
    switch (frame.type) {
      case "hello":
        dispatch({ type: "me", me: { subject: frame.subject, name: frame.name, guest: frame.guest } });
        return void this.join();
      case "joined":
        return this.joined(frame);
      case "waiting":
        this.joinIsAnswered();
        return dispatch({ type: "phase", phase: { is: "waiting", position: frame.position, length: frame.length, seats: frame.seats } });
      case "left":
        return this.putOut(frame.reason);
      case "member.joined":
        if (frame.member.pose) motion.place(frame.member.ref, frame.member.pose);
        return dispatch({ type: "member", member: frame.member, isNew: true });
      case "member.changed":
        return dispatch({ type: "member", member: frame.member, isNew: false });
      case "member.left":
        motion.forget(frame.ref);
        return dispatch({ type: "gone", session: frame.session });
      case "chat":
        dispatch({ type: "chat", events: [frame.event] });
        if (chats.hasGap(this.world.state().chat)) void this.catchUp();
        return;
      case "typing":
        return dispatch({ type: "typing", sessions: frame.sessions });
      case "emote":
        dispatch({ type: "emote", session: frame.from, emote: frame.emote });
        return this.world.onEmote(frame.from, frame.emote);
      case "ack":
        return this.settle(frame.id)?.resolve(frame.body);
      case "error":
        if (frame.id !== null) this.settle(frame.id)?.reject(new Refused(frame.fault));
        return;
      case "unknown":
      case "bad":
        return;
    }
  }

  private async join(): Promise<void> {
    const { p, q } = this.world.pose();
    const pose = { p: [p.x, p.y, p.z], r: [q.x, q.y, q.z, q.w] };
    try {
      await this.ask({ type: "join", space: this.world.space, pose, ...(this.nsfw ? { nsfw: true } : {}) });
    } catch (e) {
      if (e instanceof Refused) this.notLetIn(e.fault);
    }
  }

  // The acknowledgement may come with the seat, and a seat may take its time.
  private joinIsAnswered(): void {
    for (const id of this.requests.keys()) this.link.timers.cancel(`request ${id}`);
  }

  private notLetIn(fault: Fault): void {
    const words = [fault.message, fault.fix] as const;
    if (fault.field === "nsfw") return this.out("nsfw", ...words);
    switch (fault.code) {
      case "lost":
        return; // the socket's end has its own words
      case "unauthenticated":
        return this.out("signin", ...words);
      case "not_found":
        return this.out("missing", ...words);
      case "forbidden":
      case "invalid":
        return this.out("refused", ...words);
      default:
        this.link.lost(fault.message);
    }
  }

  private joined(frame: Extract<Frame, { type: "joined" }>): void {
    const { dispatch, motion } = this.world;
    this.joinIsAnswered();
    this.link.succeeded();
    motion.clear();
    for (const m of frame.members) if (m.pose) motion.place(m.ref, m.pose);
    dispatch({ type: "joined", joined: frame });
    void this.readChat(frame.chatSeq);
  }

  // The first visit reads the newest lines; a later one asks for what it
  // missed, and starts anew only when that is no longer kept.
  private async readChat(upTo: number): Promise<void> {
    try {
      if (this.world.state().chat.known) await this.catchUp(upTo);
      else await this.readHistory(upTo);
      for (const line of this.world.state().chat.pending) if (!line.fault) void this.deliver(line);
    } catch (e) {
      if (e instanceof Refused && e.fault.code !== "lost") this.link.timers.set("chat", 3_000, () => void this.readChat(upTo));
    }
  }

  private async readHistory(seq: number): Promise<void> {
    const body = await this.ask({ type: "chat.history", limit: pageSize });
    this.world.dispatch({ type: "history", seq, messages: readMessages(body.messages), hasOlder: body.has_more === true });
    if (chats.hasGap(this.world.state().chat)) await this.catchUp();
  }

  private async catchUp(upTo = 0): Promise<void> {
    if (this.catching) return;
    this.catching = true;
    const generation = this.link.generation;
    try {
      for (let more = true; more && generation === this.link.generation; ) {
        const { seq } = this.world.state().chat;
        if (seq >= upTo && !chats.hasGap(this.world.state().chat)) return;
        const body = await this.ask({ type: "chat.since", seq, limit: catchUpSize });
        if (body.reset === true) return await this.startAnew(upTo);
        this.world.dispatch({ type: "chat", events: readEvents(body.events) });
        more = body.more === true || this.world.state().chat.seq > seq;
      }
    } finally {
      this.catching = false;
    }
  }

  private async startAnew(upTo: number): Promise<void> {
    this.world.dispatch({ type: "chat reset" });
    await this.readHistory(upTo);
  }

  private putOut(reason: string): void {
    if (reason === "") return this.leave();
    this.out("kicked", reason, "");
  }

  private out(why: Out, reason: string, fix: string): void {
    this.link.stop();
    this.world.dispatch({ type: "phase", phase: { is: "out", why, reason, fix } });
  }

  // ask sends a request and waits for its answer. It throws Refused, with the
  // code "lost" when the connection ended first.
  private ask(request: Json): Promise<Json> {
    const id = ++this.lastRequest;
    return new Promise((resolve, reject) => {
      if (this.link.socket?.readyState !== isOpen) return reject(lostRequest());
      this.requests.set(id, { resolve, reject });
      this.link.timers.set(`request ${id}`, answerWithin, () => this.link.lost("The server does not answer"));
      this.send({ ...request, id });
    });
  }

  private settle(id: number): Request | undefined {
    this.link.timers.cancel(`request ${id}`);
    const request = this.requests.get(id);
    this.requests.delete(id);
    return request;
  }

  private send(message: Json): void {
    if (this.link.socket?.readyState === isOpen) this.link.socket.send(JSON.stringify(message));
  }

  private dropRequests(): void {
    const open = [...this.requests.values()];
    this.requests.clear();
    for (const request of open) request.reject(lostRequest());
  }
}

function lostRequest(): Refused {
  return new Refused(readFault({ code: "lost", message: "The connection was lost" }));
}
