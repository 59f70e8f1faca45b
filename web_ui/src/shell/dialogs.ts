/** Which window is open over the page. */

import { create } from 'zustand';

export type DialogName = 'keys' | 'palette' | 'settings' | 'find';

export const useDialogs = create<{ open: DialogName | null }>(() => ({ open: null }));

export const openDialog = (open: DialogName): void => useDialogs.setState({ open });

export const closeDialog = (): void => useDialogs.setState({ open: null });
