/** An Electron binary. `kind` tells the ordinary one from the stand-in that only the tests use. */
export interface ElectronRuntime {
  readonly executablePath: string;
  /** Its version, or `unknown` for a binary that does not say. */
  readonly version: string;
  readonly kind: 'electron' | 'electron-33-from-npm';
}
