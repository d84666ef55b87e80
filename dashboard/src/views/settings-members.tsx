'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { callData } from '@/api/client';
import { projectPath, useInvitations, useMembers } from '@/api/queries';
import type { NewInvitation, Role } from '@/api/types';
import { Button, CopyButton, Field, Select } from '@/design/controls';
import { Card, Fault, FormFault, SkeletonRows } from '@/design/states';
import { useRoute } from '@/route/route';
import { useText } from '@/text/text';
import { Section } from './section';

const ROLES: readonly Role[] = ['viewer', 'member', 'admin', 'owner'];

function useMemberCalls() {
  const { project } = useRoute();
  const client = useQueryClient();
  const base = `${projectPath(project)}/members`;
  const onSuccess = () => client.invalidateQueries({ queryKey: ['project', project, 'members'] });
  const change = useMutation({
    mutationFn: ({ id, role }: { id: string; role: Role }) =>
      callData(`${base}/${id}`, { method: 'PATCH', body: { role } }),
    onSuccess,
  });
  const remove = useMutation({
    mutationFn: (id: string) => callData(`${base}/${id}`, { method: 'DELETE' }),
    onSuccess,
  });
  return { change, remove };
}

function MemberList({ isAdmin }: { isAdmin: boolean }) {
  const text = useText();
  const members = useMembers();
  const { change, remove } = useMemberCalls();
  if (members.isError && !members.data) {
    return <Fault error={members.error} onRetry={() => void members.refetch()} />;
  }
  if (!members.data) return <SkeletonRows rows={2} />;
  return (
    <>
      <ul>
        {members.data.map((member) => (
          <li
            key={member.user_id}
            className="flex flex-wrap items-center gap-x-4 gap-y-1 border-t border-hairline px-4 py-2.5 text-13 first:border-t-0"
          >
            <span className="min-w-0 flex-1 basis-40">
              <span className="block truncate font-medium">{member.name || member.email}</span>
              <span className="block truncate text-12 text-muted">{member.email}</span>
            </span>
            {isAdmin && member.role !== 'owner' ? (
              <>
                <Select
                  label={`${text.settings.role}: ${member.email}`}
                  value={member.role}
                  options={ROLES.map((role) => [role, text.settings.roles[role]] as const)}
                  onChoose={(role) => change.mutate({ id: member.user_id, role: role as Role })}
                />
                <Button tone="fault" onClick={() => remove.mutate(member.user_id)}>
                  {text.common.remove}
                </Button>
              </>
            ) : (
              <span className="text-12 text-muted">{text.settings.roles[member.role]}</span>
            )}
          </li>
        ))}
      </ul>
      <FormFault error={change.error ?? remove.error} />
    </>
  );
}

function OpenInvitations() {
  const text = useText();
  const { project } = useRoute();
  const client = useQueryClient();
  const invitations = useInvitations();
  const cancel = useMutation({
    mutationFn: (id: string) => callData(`${projectPath(project)}/invitations/${id}`, { method: 'DELETE' }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['project', project, 'invitations'] }),
  });
  return (
    <ul>
      {invitations.data?.map((invitation) => (
        <li
          key={invitation.id}
          className="flex flex-wrap items-center gap-x-4 gap-y-1 border-t border-hairline px-4 py-2.5 text-13 text-muted"
        >
          <span className="min-w-0 flex-1 basis-40 truncate">{invitation.email}</span>
          <span className="text-12">{text.settings.roles[invitation.role]}</span>
          <Button tone="fault" onClick={() => cancel.mutate(invitation.id)}>
            {text.settings.revoke}
          </Button>
        </li>
      ))}
    </ul>
  );
}

function Invite() {
  const text = useText();
  const { project } = useRoute();
  const client = useQueryClient();
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('member');
  const invite = useMutation({
    mutationFn: () =>
      callData<NewInvitation>(`${projectPath(project)}/invitations`, { method: 'POST', body: { email, role } }),
    onSuccess() {
      setEmail('');
      void client.invalidateQueries({ queryKey: ['project', project, 'invitations'] });
    },
  });
  const link = invite.data?.url;
  return (
    <>
      <form
        className="flex flex-wrap items-end gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          invite.mutate();
        }}
      >
        <Field
          label={text.auth.email}
          type="email"
          required
          className="flex-1 basis-48"
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
        <Select
          label={text.settings.role}
          value={role}
          className="!h-9"
          options={ROLES.map((name) => [name, text.settings.roles[name]] as const)}
          onChoose={(name) => setRole(name as Role)}
        />
        <Button type="submit" className="h-9" disabled={invite.isPending}>
          {text.settings.invite}
        </Button>
      </form>
      <FormFault error={invite.error} />
      {link && (
        <Card className="flex animate-enter flex-wrap items-center gap-3 p-4">
          <div className="min-w-0 flex-1">
            <p className="text-13 text-muted">{text.settings.inviteLink}</p>
            <code data-testid="invitation-link" className="font-mono text-12 break-all">
              {link}
            </code>
          </div>
          <CopyButton value={link} />
        </Card>
      )}
    </>
  );
}

export function MembersSection({ isAdmin }: { isAdmin: boolean }) {
  const text = useText();
  return (
    <Section title={text.settings.members}>
      <Card>
        <MemberList isAdmin={isAdmin} />
        {isAdmin && <OpenInvitations />}
      </Card>
      {isAdmin && <Invite />}
    </Section>
  );
}
