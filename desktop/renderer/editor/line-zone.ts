import { type Disposable, DisposableStore, toDisposable } from '../../../shared/lifecycle/index.ts';
import type { editor } from './monaco.ts';

let nextId = 0;

/**
 * Room for something below a line of an editor. What is put into `element` is drawn over the room that the lines leave,
 * so that it takes the mouse and the keyboard like the rest of the page; the room follows its height.
 */
export class LineZone implements Disposable {
  /** To be filled by the owner. */
  readonly element = document.createElement('div');
  private readonly codeEditor: editor.ICodeEditor;
  private readonly disposables = new DisposableStore();
  private readonly frame = document.createElement('div');
  private readonly zone: editor.IViewZone & { heightInPx: number; afterLineNumber: number };
  private zoneId = '';

  constructor(codeEditor: editor.ICodeEditor, afterLineNumber: number) {
    this.codeEditor = codeEditor;
    this.frame.className = 'tutti-line-zone';
    this.frame.append(this.element);
    this.zone = {
      afterLineNumber,
      heightInPx: 0,
      domNode: document.createElement('div'),
      onDomNodeTop: (top) => (this.frame.style.top = `${top}px`),
    };
    this.add();
    // Keys that are meant for what is inside must not reach the editor around it.
    const keep = (event: Event) => event.stopPropagation();
    for (const type of ['keydown', 'keypress', 'keyup', 'paste', 'cut', 'copy'] as const) {
      this.frame.addEventListener(type, keep);
    }
    this.disposables.add(codeEditor.onDidLayoutChange(() => this.fitWidth()));
    const observer = new ResizeObserver(() => this.fitHeight());
    observer.observe(this.element);
    this.disposables.add(toDisposable(() => observer.disconnect()));
  }

  get line(): number {
    return this.zone.afterLineNumber;
  }

  moveTo(afterLineNumber: number): void {
    if (this.zone.afterLineNumber === afterLineNumber) return;
    this.zone.afterLineNumber = afterLineNumber;
    this.codeEditor.changeViewZones((zones) => zones.layoutZone(this.zoneId));
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private add(): void {
    const { codeEditor, frame } = this;
    const id = `tutti.line-zone.${nextId++}`;
    const widget: editor.IOverlayWidget = { getId: () => id, getDomNode: () => frame, getPosition: () => null };
    frame.style.top = '-10000px';
    codeEditor.addOverlayWidget(widget);
    codeEditor.changeViewZones((zones) => (this.zoneId = zones.addZone(this.zone)));
    this.disposables.add(
      toDisposable(() => {
        codeEditor.removeOverlayWidget(widget);
        codeEditor.changeViewZones((zones) => zones.removeZone(this.zoneId));
      }),
    );
    this.fitWidth();
  }

  /** Scrolls as far as is needed to see all of it, but not past its line. */
  private reveal(): void {
    const { codeEditor } = this;
    const { height } = codeEditor.getLayoutInfo();
    const line = this.zone.afterLineNumber;
    const bottom = codeEditor.getBottomForLineNumber(line) + this.zone.heightInPx;
    if (bottom <= codeEditor.getScrollTop() + height) return;
    codeEditor.setScrollTop(Math.min(bottom - height, codeEditor.getTopForLineNumber(line)));
  }

  private fitWidth(): void {
    const { width, minimap, verticalScrollbarWidth } = this.codeEditor.getLayoutInfo();
    this.frame.style.width = `${Math.max(0, width - minimap.minimapWidth - verticalScrollbarWidth)}px`;
  }

  private fitHeight(): void {
    const heightInPx = this.element.offsetHeight;
    if (heightInPx === this.zone.heightInPx) return;
    const isNew = this.zone.heightInPx === 0;
    this.zone.heightInPx = heightInPx;
    this.codeEditor.changeViewZones((zones) => zones.layoutZone(this.zoneId));
    if (isNew || this.frame.contains(document.activeElement)) this.reveal();
  }
}
