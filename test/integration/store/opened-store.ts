/** What a contract suite needs of an adapter. */
export interface OpenedStore<Store> extends AsyncDisposable {
  readonly store: Store;
  /** The same data through another handle, as another process would have it. */
  another(): Promise<Store>;
  /** Closes every handle and opens the data again. */
  reopen(): Promise<Store>;
}

/** Handles that `open` makes, told how many there were before; `end` is called after the last of them is closed. */
export async function openedStore<Store extends AsyncDisposable>(
  open: (nth: number) => Promise<Store>,
  end: () => Promise<void> = () => Promise.resolve(),
): Promise<OpenedStore<Store>> {
  const handles: Store[] = [];
  let opened = 0;
  const another = async (): Promise<Store> => {
    const store = await open(opened++);
    handles.push(store);
    return store;
  };
  const close = async (): Promise<void> => {
    for (const handle of handles.splice(0)) await handle[Symbol.asyncDispose]();
  };
  return {
    store: await another(),
    another,
    reopen: async () => {
      await close();
      return another();
    },
    async [Symbol.asyncDispose]() {
      await close();
      await end();
    },
  };
}
