// One script for every page of the shop: the frame around it, then what the page itself does.
import { piece, shelf } from './art.js';
import { cart, euros, find, GOODS, keepCart, total } from './goods.js';

const $ = (selector, root = document) => root.querySelector(selector);
const kind = document.body.dataset.page;

const TRY = {
  home: [['Look around and scroll', 'you arrive under Live, with the page you are on'], ['Subscribe to the letter', 'a form in your session’s timeline'], ['Open “Our story”', 'a page that takes its time: a slow page']],
  catalogue: [['Sort by price', 'a click that works: it is not a dead one'], ['Scroll to the end', 'how far visitors come, under Heatmaps']],
  product: [['Click “Add to wishlist” six times', 'a rage click within a second, dead clicks a second later'], ['Add to cart', 'the same kind of button, working']],
  cart: [['Apply a voucher', 'it throws: an error click, with the message'], ['Change a quantity', 'clicks that are answered']],
  checkout: [['Click “Gift wrap”', 'a dead click: nothing answers'], ['Leave the form half filled', 'a form that was given up, and where'], ['Pay', 'nothing leaves this page; field values are never read']],
  journal: [['Open an entry, then another', 'page views without a page load'], ['Go back', 'and one more']],
  slow: [['You waited', 'this page is among the slow ones']],
};

function frame() {
  const count = cart().reduce((sum, line) => sum + line.count, 0);
  const here = (page) => (page === kind ? ' aria-current="page"' : '');
  document.body.insertAdjacentHTML(
    'afterbegin',
    `<header><a class="brand" href="/shop/" aria-label="Fern &amp; Kiln, home"><svg viewBox="0 0 32 32" aria-hidden="true"><path d="M11 5h10c-1 6 1 8 4 12 4 6 3 12-2 12H9c-5 0-6-6-2-12 3-4 5-6 4-12z" fill="#b5573a"/><path d="M16 26V13m0 5c3 0 5-1 6-4m-6 7c-3 0-5-1-6-4" stroke="#f8f3ea" stroke-width="1.6" fill="none" stroke-linecap="round"/></svg><span>Fern <i>&amp;</i> Kiln</span></a>
      <nav aria-label="Shop"><a href="/shop/"${here('home')}>Home</a><a href="/shop/catalogue"${here('catalogue')}>Catalogue</a><a href="/shop/journal"${here('journal')}>Journal</a><a href="/shop/cart"${here('cart')}>Cart <b id="cart-count">${count}</b></a></nav></header>`,
  );
  const hints = (TRY[kind] ?? []).map(([what, then]) => `<li><b>${what}</b><span>${then}</span></li>`).join('');
  document.body.insertAdjacentHTML(
    'beforeend',
    `<footer><p class="brand">Fern <i>&amp;</i> Kiln</p><p>Stoneware thrown, glazed and fired by four hands in one small room.</p><p><a href="/shop/slow">Our story</a> <a href="/shop/journal">Journal</a> <a href="/shop/catalogue">Catalogue</a></p><p class="small">A demo shop of GoSight. Nothing here can be bought.</p></footer>
    <details class="try" data-gosight-ignore><summary>Try me</summary><p>Click here, with the dashboard open beside it.</p><ul>${hints}</ul><a href="/" target="_blank" rel="noopener">Open the dashboard ↗</a></details>`,
  );
}

const card = ({ id, name, shape, glaze, price, seed }) =>
  `<article class="product"><a href="/shop/product?piece=${id}"><div class="art ${glaze}">${piece(shape, glaze, seed)}</div><h3>${name}</h3><p><span>${glaze} glaze</span><b>${euros(price)}</b></p></a></article>`;

const pages = {
  home() {
    $('#shelf').innerHTML = shelf();
    $('#featured').innerHTML = [0, 7, 9, 19].map((index) => card(GOODS[index])).join('');
    $('#letter').addEventListener('submit', (event) => {
      event.preventDefault();
      $('#letter').outerHTML = '<p class="thanks" role="status">Thank you. The next letter leaves with the next firing.</p>';
    });
  },

  catalogue() {
    const goods = [...GOODS];
    let rising = true;
    const show = () => {
      $('#goods').innerHTML = goods.map(card).join('');
    };
    $('#sort').addEventListener('click', () => {
      goods.sort((a, b) => (rising ? a.price - b.price : b.price - a.price));
      $('#sort').textContent = rising ? 'Sorted by price ↑' : 'Sorted by price ↓';
      rising = !rising;
      show();
    });
    show();
  },

  product() {
    const good = find(new URLSearchParams(location.search).get('piece'));
    document.title = `${good.name} · Fern & Kiln`;
    $('#picture').innerHTML = piece(good.shape, good.glaze, good.seed);
    $('#picture').classList.add(good.glaze);
    $('#name').textContent = good.name;
    $('#price').textContent = euros(good.price);
    $('#glaze').textContent = `${good.glaze} glaze on speckled stoneware`;
    $('#add-to-cart').addEventListener('click', () => {
      const lines = cart();
      const line = lines.find(({ id }) => id === good.id);
      if (line) line.count++;
      else lines.push({ id: good.id, count: 1 });
      keepCart(lines);
      $('#cart-count').textContent = lines.reduce((sum, { count }) => sum + count, 0);
      $('#added').textContent = 'In your cart.';
    });
    // #wishlist looks like a button and does nothing: the demo's dead button.
    $('#more').innerHTML = GOODS.filter(({ shape, id }) => shape === good.shape && id !== good.id).slice(0, 3).map(card).join('');
  },

  cart() {
    const lines = cart();
    const show = () => {
      keepCart(lines);
      $('#cart-count').textContent = lines.reduce((sum, { count }) => sum + count, 0);
      $('#lines').innerHTML = lines
        .map(({ id, count }, index) => {
          const good = find(id);
          return `<li><a class="art ${good.glaze}" href="/shop/product?piece=${id}" aria-label="${good.name}">${piece(good.shape, good.glaze, good.seed)}</a><div><h3>${good.name}</h3><p>${good.glaze} glaze</p></div>
            <div class="stepper"><button type="button" data-step="-1" data-line="${index}" aria-label="One ${good.name} less">−</button><output>${count}</output><button type="button" ${index ? '' : 'id="quantity-plus"'} data-step="1" data-line="${index}" aria-label="One ${good.name} more">+</button></div><b>${euros(good.price * count)}</b></li>`;
        })
        .join('');
      $('#total').textContent = euros(total(lines));
    };
    $('#lines').addEventListener('click', (event) => {
      const button = event.target.closest('button');
      if (!button) return;
      const line = lines[button.dataset.line];
      line.count = Math.max(1, line.count + Number(button.dataset.step));
      show();
    });
    // The demo's broken button: it throws on purpose, and `brokenOnPurpose` is in its stack.
    $('#voucher').addEventListener('click', function brokenOnPurpose() {
      const vouchers = {};
      $('#total').textContent = euros(total(lines) * vouchers[$('#code').value].discount);
    });
    show();
  },

  checkout() {
    $('#pieces').innerHTML = cart().map(({ id, count }) => `<li><span>${count} × ${find(id).name}</span><span>${euros(find(id).price * count)}</span></li>`).join('');
    $('#sum').textContent = euros(total(cart()));
    // #gift looks like a button and does nothing, like #wishlist.
    $('#order').addEventListener('submit', (event) => {
      event.preventDefault();
      $('main').innerHTML = `<section class="done"><div class="art moss">${piece('vase', 'moss', 4)}</div><h1>Thank you</h1><p>In a real shop a parcel would be packed now. Here nothing was sent and nothing was kept.</p><a class="button" href="/shop/">Back to the shop</a></section>`;
      window.GoSight?.track?.('order_placed', { total: total(cart()), pieces: cart().length });
      scrollTo(0, 0);
    });
  },

  journal() {
    const entries = {
      clay: ['What the clay remembers', 'moss', 'vase', ['A bowl that was pushed off centre and pulled back will lean again in the kiln. Clay keeps a record of every hand that hurried it.', 'So we wedge each ball a hundred times and let it rest under cloth until the morning. What looks like waiting is most of the work.']],
      glaze: ['Six glazes, three buckets', 'sky', 'jug', ['Every colour in the shop comes out of three buckets and the order they are poured in. Oat over ink breaks into rust at the rim; ink over oat stays night.', 'We write the order on the foot of each piece in iron wash. Turn one over and you can read how it was made.']],
      fire: ['Opening the kiln too early', 'rust', 'bowl', ['At 180 degrees it is warm as an oven, and the temptation is great. We opened it once. Eleven mugs sang, one after another, as they cracked.', 'Now the key hangs at a neighbour’s. She gives it back on Thursdays.']],
    };
    const show = () => {
      const name = location.pathname.split('/')[3];
      const entry = entries[name];
      document.title = entry ? `${entry[0]} · Fern & Kiln` : 'Journal · Fern & Kiln';
      $('#entries').innerHTML = Object.entries(entries)
        .map(([id, [title, glaze, shape]]) => `<a class="entry" href="/shop/journal/${id}"${id === name ? ' aria-current="page"' : ''}><span class="art ${glaze}">${piece(shape, glaze, id.length)}</span><b>${title}</b></a>`)
        .join('');
      $('#reading').innerHTML = entry ? `<h2>${entry[0]}</h2>${entry[3].map((text) => `<p>${text}</p>`).join('')}<a class="back" href="/shop/journal">All entries</a>` : '<h2>From the workshop</h2><p>Short notes on clay, colour and fire. Pick one; the page stays, the address changes.</p>';
    };
    document.addEventListener('click', (event) => {
      const link = event.target.closest('main a[href^="/shop/journal"]');
      if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      history.pushState({}, '', link.href);
      show();
    });
    addEventListener('popstate', show);
    show();
  },

  slow() {
    $('#bench').innerHTML = piece('jug', 'rust', 6) + piece('jar', 'oat', 9) + piece('mug', 'sky', 3);
  },
};

frame();
pages[kind]?.();
