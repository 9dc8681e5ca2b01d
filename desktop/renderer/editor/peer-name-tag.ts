import { type Disposable, MutableDisposable, type Scheduler } from '../../../shared/lifecycle/index.ts';
import { editor, type IPosition } from './monaco.ts';

/** How long a name stays after its caret has moved. */
export const NAME_SHOWN_MS = 2_000;

let nextId = 0;

/** The name above a remote caret. It is in the page only while it shows. */
export class PeerNameTag implements Disposable {
  private readonly codeEditor: editor.ICodeEditor;
  private readonly scheduler: Scheduler;
  private readonly findCaret: () => IPosition | undefined;
  private readonly node = document.createElement('div');
  // Monaco sets a width of its own on the node.
  private readonly label = document.createElement('bdi');
  private readonly widget: editor.IContentWidget;
  private readonly hideTimer = new MutableDisposable();
  private isHovered = false;
  private isInPage = false;

  /** `findCaret` tells where the caret is now; it is asked each time that the tag is placed. */
  constructor(codeEditor: editor.ICodeEditor, scheduler: Scheduler, findCaret: () => IPosition | undefined) {
    this.codeEditor = codeEditor;
    this.scheduler = scheduler;
    this.findCaret = findCaret;
    this.label.className = 'tutti-peer-label';
    this.node.append(this.label);
    this.node.ariaHidden = 'true';
    const id = `tutti.peer-name.${nextId++}`;
    this.widget = {
      getId: () => id,
      getDomNode: () => this.node,
      getPosition: () => {
        const position = this.findCaret();
        const { ABOVE, BELOW } = editor.ContentWidgetPositionPreference;
        return position ? { position, preference: [ABOVE, BELOW] } : null;
      },
      suppressMouseDown: true,
    };
  }

  get isShown(): boolean {
    return this.isInPage;
  }

  /** Sets what the tag says. The name is somebody's input: it becomes text, never markup. */
  update(name: string, colorClass: string): void {
    this.node.className = `tutti-peer-name tutti-peer-name-shown ${colorClass}`;
    if (this.label.textContent !== name) this.label.textContent = name;
  }

  /** Shows the name for {@link NAME_SHOWN_MS} from now. */
  flash(): void {
    this.hideTimer.value = this.scheduler.schedule(() => {
      this.hideTimer.value = undefined;
      this.refresh();
    }, NAME_SHOWN_MS);
    this.refresh();
  }

  setHovered(isHovered: boolean): void {
    if (this.isHovered === isHovered) return;
    this.isHovered = isHovered;
    this.refresh();
  }

  /** Puts the tag to where the caret is now. */
  refresh(): void {
    const shouldShow = (this.isHovered || this.hideTimer.value !== undefined) && this.findCaret() !== undefined;
    if (shouldShow && this.isInPage) this.codeEditor.layoutContentWidget(this.widget);
    else if (shouldShow) this.codeEditor.addContentWidget(this.widget);
    else if (this.isInPage) this.codeEditor.removeContentWidget(this.widget);
    this.isInPage = shouldShow;
  }

  dispose(): void {
    this.hideTimer.dispose();
    if (this.isInPage) this.codeEditor.removeContentWidget(this.widget);
    this.isInPage = false;
  }
}
