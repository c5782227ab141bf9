// Draws each chart from the table beside it: the table is the data, and stays for who cannot see the chart.
(() => {
  "use strict";
  const DASHES = [[], [6, 4]];
  const DAYS = [1, 2, 5, 7, 14, 30, 60, 90].map((days) => days * 86400); // never half of one: its label would stand there twice
  const told = (_plot, value) => (value === null || value === undefined ? "–" : uPlot.fmtNum(value));
  const style = (name) => getComputedStyle(document.body).getPropertyValue(name).trim();

  const read = (table) => {
    const labels = [...table.querySelectorAll("thead th")].map((cell) => cell.textContent.trim());
    const columns = labels.map(() => []);
    for (const row of table.tBodies[0].rows) {
      [...row.cells].forEach((cell, index) => {
        const value = cell.dataset.value;
        columns[index].push(index === 0 ? Date.parse(`${value}T00:00:00Z`) / 1000 : value === "" ? null : Number(value));
      });
    }
    return { labels, columns };
  };

  const draw = (figure) => {
    const table = document.getElementById(figure.dataset.table);
    const { labels, columns } = read(table);
    const colours = [style("--accent"), style("--warn")];
    const bars = figure.dataset.chart === "bars";
    const series = labels.slice(1).map((label, index) => ({
      label,
      value: told,
      stroke: colours[index],
      fill: bars && index === 0 ? `${colours[index]}40` : undefined,
      width: 2,
      dash: DASHES[index],
      points: { show: columns[0].length < 40, size: 6 },
      paths: bars && index === 0 ? uPlot.paths.bars({ size: [0.7, 40] }) : undefined,
      spanGaps: true,
    }));
    if (figure.dataset.limit) {
      const limit = Number(figure.dataset.limit);
      columns.push(columns[0].map(() => limit));
      series.push({ label: figure.dataset.limitLabel, value: told, stroke: style("--bad"), width: 1, dash: [2, 3], points: { show: false } });
    }
    const axis = { stroke: style("--soft"), grid: { stroke: style("--line"), width: 1 }, ticks: { stroke: style("--line") } };
    // Where nobody points uPlot writes "--" behind each name: the legend tells of the last day then.
    const lastDay = (plot) => {
      if (plot.cursor.idx == null) plot.setLegend({ idx: columns[0].length - 1 }, false);
    };
    figure.replaceChildren();
    return new uPlot(
      {
        width: figure.clientWidth,
        height: 220,
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
        series: [{ label: labels[0], value: "{YYYY}-{MM}-{DD}" }, ...series],
        axes: [{ ...axis, values: "{MM}-{DD}", space: 60, incrs: DAYS }, { ...axis, size: 56 }],
        hooks: { ready: [lastDay], setCursor: [lastDay] },
        scales: { y: { range: (_plot, _low, high) => [0, Math.max(high, bars ? 4 : 0.5) * 1.1] } },
      },
      columns,
      figure,
    );
  };

  const figures = [...document.querySelectorAll("figure.chart")];
  let plots = figures.map(draw);
  const again = () => {
    plots.forEach((plot) => plot.destroy());
    plots = figures.map(draw);
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  new ResizeObserver(() => plots.forEach((plot, index) => plot.setSize({ width: figures[index].clientWidth, height: 220 }))).observe(
    document.getElementById("content"),
  );
  for (const figure of figures) figure.setAttribute("aria-hidden", "true"); // the table beside it says the same
})();
