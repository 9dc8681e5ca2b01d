import { type ReactElement, useEffect, useRef, useState } from 'react';
import type { MirrorPreview, MirrorTexts } from '../mirror-model.ts';
import { useServices } from '../workbench/workbench-services.ts';

interface MirrorDifferenceProps {
  readonly path: string;
  /** A new one: the folder was looked at again. */
  readonly preview: MirrorPreview;
}

/** The room's text of a file on the left, the folder's on the right. */
export function MirrorDifference({ path, preview }: MirrorDifferenceProps): ReactElement {
  const { model } = useServices();
  const element = useRef<HTMLDivElement>(null);
  const [texts, setTexts] = useState<MirrorTexts>();
  const [explanation, setExplanation] = useState<string>();
  useEffect(() => {
    let isWanted = true;
    void model.mirror.readDifference(path).then((answer) => {
      if (!isWanted) return;
      setTexts(answer.ok ? answer.value : undefined);
      setExplanation(answer.ok ? undefined : answer.explanation);
    });
    return () => {
      isWanted = false;
    };
  }, [model, path, preview]);
  useEffect(() => {
    if (!element.current || !texts) return undefined;
    const view = model.access.showDifference(element.current, {
      title: path,
      path,
      before: texts.room,
      after: texts.folder,
    });
    return () => view.dispose();
  }, [model, path, texts]);
  return (
    <section className="mirror-difference" aria-label={`${path}: the room’s text and yours`}>
      <div className="mirror-sides">
        <span>− the room’s</span>
        <span>+ mine</span>
      </div>
      {explanation !== undefined && (
        <p className="form-error" role="alert">
          {explanation}
        </p>
      )}
      <div ref={element} className="mirror-texts" />
    </section>
  );
}
