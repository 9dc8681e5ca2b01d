import { type ReactElement, useEffect, useState } from 'react';
import { MAX_SHOWN_BYTES, type TransfersModel } from '../transfers-model.ts';
import type { WorkspaceFile } from '../workbench-model.ts';
import { useRelayAway } from '../workbench/use-relay-away.ts';
import { useServices } from '../workbench/workbench-services.ts';
import { imageType } from './image-type.ts';

type Shown =
  | { readonly kind: 'loading' }
  | { readonly kind: 'image'; readonly url: string }
  | { readonly kind: 'none'; readonly explanation: string };

/** Whether a file may be shown as a picture, by its name and size. */
export function isShowable({ path, sizeBytes, blob }: WorkspaceFile): boolean {
  return blob !== undefined && (sizeBytes ?? Infinity) <= MAX_SHOWN_BYTES && imageType(path) !== undefined;
}

/** The picture of a file for which {@link isShowable} holds; to be made anew for another content. */
export function ImagePreview({ file }: { readonly file: WorkspaceFile }): ReactElement {
  const isAway = useRelayAway();
  const shown = useImage(file, isAway);
  const name = file.path.slice(file.path.lastIndexOf('/') + 1);
  if (shown.kind === 'loading') return <p role="status">The picture is being fetched…</p>;
  if (shown.kind === 'none')
    return <p role="status">{isAway ? 'The picture appears once the relay is reached.' : shown.explanation}</p>;
  return <img className="content-image" src={shown.url} alt={`Picture: ${name}`} />;
}

/** Tries again when the relay is there again. */
function useImage({ fileId, path }: WorkspaceFile, isAway: boolean): Shown {
  const { model } = useServices();
  const [shown, setShown] = useState<Shown>({ kind: 'loading' });
  useEffect(() => {
    let isWanted = true;
    void load();
    return () => {
      isWanted = false;
    };

    async function load(): Promise<void> {
      const next = await readImage(model.transfers, fileId, path);
      if (isWanted) setShown((last) => (last.kind === 'image' ? last : next));
    }
  }, [model, fileId, path, isAway]);
  return shown;
}

async function readImage(transfers: TransfersModel, fileId: string, path: string): Promise<Shown> {
  const answer = await transfers.readContent(fileId);
  if (!answer.ok) return { kind: 'none', explanation: answer.explanation };
  const url = await toDataUrl(answer.value, imageType(path) ?? '');
  return url === undefined ? { kind: 'none', explanation: 'The picture cannot be shown.' } : { kind: 'image', url };
}

/** Undefined when the browser cannot draw it. */
async function toDataUrl(bytes: Uint8Array<ArrayBuffer>, type: string): Promise<string | undefined> {
  const url = await new Promise<string | undefined>((resolve) => {
    const reader = new FileReader();
    reader.addEventListener('load', () => resolve(typeof reader.result === 'string' ? reader.result : undefined));
    reader.addEventListener('error', () => resolve(undefined));
    reader.readAsDataURL(new Blob([bytes], { type }));
  });
  if (url === undefined) return undefined;
  const image = new Image();
  image.src = url;
  const isDrawn = await image.decode().then(
    () => true,
    () => false,
  );
  return isDrawn ? url : undefined;
}
