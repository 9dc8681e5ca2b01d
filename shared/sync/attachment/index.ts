export type { AttachmentPort } from './attachment-port.ts';
export { createDirectPorts } from './direct-ports.ts';
export { fromMessagePort, type StandardMessagePort } from './message-port.ts';
export type { DocumentStatus } from './attachment-messages.ts';
export { AttachmentHost } from './attachment-host.ts';
export { type AttachedDocument, AttachedSession } from './attached-session.ts';
