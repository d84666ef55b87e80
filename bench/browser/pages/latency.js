// From a click's own timestamp until the frame that shows its answer has been made: what Event Timing measures, but not rounded to 8 ms.
window.latencies = [];
document.getElementById('press').addEventListener('click', ({ timeStamp }) => {
  const count = document.getElementById('count');
  count.textContent = Number(count.textContent) + 1;
  requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => window.latencies.push(performance.now() - timeStamp);
    port2.postMessage(0);
  });
});
