import { errorMessage } from '../../../shared/lifecycle/index.ts';

const { url: ownUrl } = import.meta;

/**
 * Has the browser keep the page's own files, so that it opens without its relay from now on. Where a browser has no
 * service workers, as on a page that came by http from another machine, or cannot keep them, nothing changes.
 */
export async function keepPage(): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  try {
    // Beside the folder of this script, so that all pages of the relay are in its reach.
    await navigator.serviceWorker.register(new URL('../service-worker.js', ownUrl), { updateViaCache: 'none' });
  } catch (error) {
    console.warn(`This browser will not open Tutti without a network: ${errorMessage(error)}`);
  }
}
