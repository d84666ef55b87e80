import { Login } from '@/views/login';

export default function Page() {
  return <Login />;
}
