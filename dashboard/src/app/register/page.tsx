import { Register } from '@/views/register';

export default function Page() {
  return <Register />;
}
