/** What was asked of the server and may be asked again: one memory for the whole page. */

import { QueryClient } from '@tanstack/react-query';
import { ApiError } from './client';

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      refetchOnWindowFocus: false,
      retry: (count, error) => error instanceof ApiError && error.code === 'offline' && count < 5,
    },
  },
});
