// Charts of series: <div class="chart" data-names="a,b" data-labels="in,out" data-span="hour" data-zone="Asia/Tokyo">.
"use strict";
const lang = document.documentElement.lang;

// A variable of the style sheet as a colour that a canvas knows: light and dark are decided by then.
const colour = (name) => {
  const probe = document.createElement("span");
  probe.className = `probe-${name}`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
};

const options = (place, data) => {
  const zone = place.dataset.zone;
  const shown = { hour: { hour: "2-digit", minute: "2-digit" }, day: { hour: "2-digit", minute: "2-digit" },
    week: { month: "numeric", day: "numeric", weekday: "short" } }[data.span];
  const time = new Intl.DateTimeFormat(lang, { ...shown, hourCycle: "h23", timeZone: zone });
  const moment = new Intl.DateTimeFormat(lang, { dateStyle: "short", timeStyle: "short", hourCycle: "h23", timeZone: zone });
  const number = new Intl.NumberFormat(lang, { maximumFractionDigits: 1 });
  const ink = colour("faint"), line = colour("line"), labels = place.dataset.labels.split(",");
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line }, font: `12px ${getComputedStyle(document.body).fontFamily}` };
  return {
    width: place.clientWidth,
    height: 220,
    tzDate: (at) => uPlot.tzDate(new Date(at * 1e3), zone),
    cursor: { drag: { x: false, y: false } },
    scales: { y: { range: (_, low, high) => [0, Math.max(high, 1) * 1.1] } },
    axes: [
      { ...axis, values: (_, ticks) => ticks.map((at) => time.format(new Date(at * 1e3))) },
      { ...axis, size: 64, values: (_, ticks) => ticks.map((value) => number.format(value)) },
    ],
    series: [
      { label: place.dataset.time, value: (_, at) => (at === null ? "–" : moment.format(new Date(at * 1e3))) },
      ...labels.map((label, at) => ({
        label, stroke: colour(`series-${at + 1}`), width: 2, dash: at ? [6, 4] : [], points: { show: false },
        value: (_, value) => (value === null ? "–" : number.format(value)),
      })),
    ],
  };
};

const fetched = async (place) => {
  const query = new URLSearchParams({ names: place.dataset.names, span: place.dataset.span });
  const answer = await fetch(`/charts?${query}`);
  if (!answer.ok) throw new Error(`charts: ${answer.status}`);
  return answer.json();
};

const values = (data) => [data.times, ...data.lines.map((line) => line.values)];

const show = async (place) => {
  let data = await fetched(place), plot = null;
  const draw = () => {
    plot?.destroy();
    place.replaceChildren();
    plot = new uPlot(options(place, data), values(data), place);
  };
  draw();
  new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: 220 })).observe(place);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  setInterval(async () => {
    if (document.hidden) return;
    try {
      data = await fetched(place);
      plot.setData(values(data));
    } catch (error) {
      // The next time may be better; the page says by itself that the connection is lost.
      console.warn(String(error));
    }
  }, 10_000);
};

document.querySelectorAll(".chart").forEach((place) => {
  show(place).catch(() => { place.textContent = place.dataset.failed; });
});
