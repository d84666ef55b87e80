import type { ReactNode } from 'react';

/** A part of the settings: its name, what it is for, its fields. */
export function Section({ title, lead, children }: { title: string; lead?: string; children: ReactNode }) {
  return (
    <section className="flex flex-col gap-3 border-t border-hairline py-6 first-of-type:border-t-0">
      <div>
        <h2 className="text-16">{title}</h2>
        {lead && <p className="max-w-[72ch] text-13 text-muted">{lead}</p>}
      </div>
      {children}
    </section>
  );
}
