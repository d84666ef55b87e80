'use client';

import { createContext, type ReactNode, useCallback, useContext, useState } from 'react';
import { Icon } from './icon';

interface Toast {
  id: number;
  message: string;
  isFault: boolean;
}

const SHOWN_MS = 4_000;

const ToastContext = createContext<(message: string, isFault?: boolean) => void>(() => {});

let lastId = 0;

export function ToastProvider({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<Toast[]>([]);
  const show = useCallback((message: string, isFault = false) => {
    lastId += 1;
    const id = lastId;
    setToasts((current) => [...current, { id, message, isFault }]);
    setTimeout(() => setToasts((current) => current.filter((toast) => toast.id !== id)), SHOWN_MS);
  }, []);
  return (
    <ToastContext value={show}>
      {children}
      <div role="status" className="fixed inset-x-0 bottom-20 z-50 flex flex-col items-center gap-2 md:bottom-6">
        {toasts.map((toast) => (
          <p
            key={toast.id}
            data-testid="toast"
            className={`flex animate-enter items-center gap-2 rounded-control border border-hairline bg-surface px-4 py-2.5 text-13 shadow-[0_8px_24px_rgb(11_13_16/0.12)] ${toast.isFault ? 'text-fault' : ''}`}
          >
            <Icon name={toast.isFault ? 'fault' : 'check'} size={14} />
            {toast.message}
          </p>
        ))}
      </div>
    </ToastContext>
  );
}

export function useToast(): (message: string, isFault?: boolean) => void {
  return useContext(ToastContext);
}
