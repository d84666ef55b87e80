import { Onboarding } from '@/views/onboarding';

export default function Page() {
  return <Onboarding />;
}
