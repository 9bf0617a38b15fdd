// Runs a network in the page: plain loops over typed arrays, without a kernel and without a connection.  Python's
// fer_tutorial.viz.network exports the network, this file is put in front of a figure that uses one.
//
//   const network = new Network(model.get("data").network);
//   const { logits, attention } = network.run({ images }, ["logits", "attention"]);  // each { data: Float32Array, shape }
//
// Images are a Float32Array (3·H·W), normalized as in training, see Network.pixels for those that are not.  What can be asked for are the outputs chosen at export,
// and the layers and steps in between, by their names.  Any of these can be given in the place of an input, too: what
// lies in front of it is then not computed.
const Network = (() => {
  // --- numbers out of base64 ---

  function bytesOf(text) {
    const letters = atob(text);
    const bytes = new Uint8Array(letters.length);
    for (let i = 0; i < bytes.length; i += 1) bytes[i] = letters.charCodeAt(i);
    return bytes;
  }

  const POWERS = Float64Array.from({ length: 32 }, (_, exponent) => 2 ** (exponent - 25));
  // Half precision: a sign, five bits of exponent, ten of fraction; what is infinite is never exported.
  function fromHalf(halves) {
    const out = new Float32Array(halves.length);
    for (let i = 0; i < out.length; i += 1) {
      const bits = halves[i];
      const exponent = (bits >> 10) & 31;
      const size = exponent ? (1024 + (bits & 1023)) * POWERS[exponent] : (bits & 1023) * POWERS[1];
      out[i] = bits & 0x8000 ? -size : size;
    }
    return out;
  }

  function weightsOf({ weights, precision, learned, exact }) {
    const single = (text) => new Float32Array(bytesOf(text).buffer);
    const half = (text) => fromHalf(new Uint16Array(bytesOf(text).buffer));
    const numbers = { learned: precision === "half" ? half(learned) : single(learned), exact: single(exact) };
    return Object.fromEntries(Object.entries(weights).map(([name, { kind, start, shape }]) => {
      return [name, { data: numbers[kind].subarray(start, start + sizeOf(shape)), shape }];
    }));
  }

  const sizeOf = (shape) => shape.reduce((product, size) => product * size, 1);

  // --- matrix products ---

  // A matrix in panels of four rows: the four numbers of a column lie side by side, so that the innermost loop reads on
  // and on.  Double precision saves the processor a conversion at every step, and is exact besides.
  function panelsOf(data, start, rows, length, rowStep = length, columnStep = 1) {
    const panels = new Float64Array(4 * Math.ceil(rows / 4) * length);
    for (let row = 0; row < rows; row += 1) {
      let to = (row >> 2) * 4 * length + (row & 3);
      for (let k = 0; k < length; k += 1, to += 4) panels[to] = data[start + row * rowStep + k * columnStep];
    }
    return panels;
  }

  // out[row, column] = Σ a[row, k] b[column, k] + bias[row]; a and b in panels.
  function product(a, b, rows, columns, length, out, start, bias, biasStart) {
    const tile = new Float64Array(16);
    for (let row = 0; row < rows; row += 4) {
      for (let column = 0; column < columns; column += 4) {
        let c00 = 0, c01 = 0, c02 = 0, c03 = 0, c10 = 0, c11 = 0, c12 = 0, c13 = 0;
        let c20 = 0, c21 = 0, c22 = 0, c23 = 0, c30 = 0, c31 = 0, c32 = 0, c33 = 0;
        const end = (row + 4) * length;
        for (let i = row * length, j = column * length; i < end; i += 4, j += 4) {
          const a0 = a[i], a1 = a[i + 1], a2 = a[i + 2], a3 = a[i + 3];
          const b0 = b[j], b1 = b[j + 1], b2 = b[j + 2], b3 = b[j + 3];
          c00 += a0 * b0; c01 += a0 * b1; c02 += a0 * b2; c03 += a0 * b3;
          c10 += a1 * b0; c11 += a1 * b1; c12 += a1 * b2; c13 += a1 * b3;
          c20 += a2 * b0; c21 += a2 * b1; c22 += a2 * b2; c23 += a2 * b3;
          c30 += a3 * b0; c31 += a3 * b1; c32 += a3 * b2; c33 += a3 * b3;
        }
        tile[0] = c00; tile[1] = c01; tile[2] = c02; tile[3] = c03;
        tile[4] = c10; tile[5] = c11; tile[6] = c12; tile[7] = c13;
        tile[8] = c20; tile[9] = c21; tile[10] = c22; tile[11] = c23;
        tile[12] = c30; tile[13] = c31; tile[14] = c32; tile[15] = c33;
        const [height, width] = [Math.min(4, rows - row), Math.min(4, columns - column)];
        for (let i = 0; i < height; i += 1) {
          const more = bias ? bias[biasStart + row + i] : 0;
          const to = start + (row + i) * columns + column;
          for (let j = 0; j < width; j += 1) out[to + j] = tile[4 * i + j] + more;
        }
      }
    }
  }

  // Four sums, so that one addition need not wait for the other.
  function dot(a, i, b, j, length) {
    let s0 = 0, s1 = 0, s2 = 0, s3 = 0, k = 0;
    for (; k + 3 < length; k += 4) {
      s0 += a[i + k] * b[j + k];
      s1 += a[i + k + 1] * b[j + k + 1];
      s2 += a[i + k + 2] * b[j + k + 2];
      s3 += a[i + k + 3] * b[j + k + 3];
    }
    for (; k < length; k += 1) s0 += a[i + k] * b[j + k];
    return s0 + s1 + s2 + s3;
  }

  // --- layers: each is (step, ...sources) => the result's numbers; sources are { data, shape } or numbers ---

  let scratch = new Float64Array(0);

  // What each place of the result sees, in panels of four places: channel by channel, row by row of the kernel.
  function patches(x, start, channels, [height, width], [outHeight, outWidth], [kernelHeight, kernelWidth], step) {
    const [{ stride, padding, dilation }, length] = [step, channels * kernelHeight * kernelWidth];
    const size = 4 * Math.ceil((outHeight * outWidth) / 4) * length;
    if (scratch.length < size) scratch = new Float64Array(size);
    const panels = scratch;
    let row = 0; // of the patch, times 4
    for (let channel = 0; channel < channels; channel += 1) {
      for (let ky = 0; ky < kernelHeight; ky += 1) {
        for (let kx = 0; kx < kernelWidth; kx += 1, row += 4) {
          const left = kx * dilation[1] - padding[1];
          const right = left + outWidth * stride[1];
          let place = 0;
          for (let oy = 0; oy < outHeight; oy += 1) {
            const y = oy * stride[0] + ky * dilation[0] - padding[0];
            const inside = y >= 0 && y < height;
            const from = start + (channel * height + y) * width;
            for (let at = left; at < right; at += stride[1], place += 1) {
              panels[(place >> 2) * 4 * length + row + (place & 3)] = inside && at >= 0 && at < width ? x[from + at] : 0;
            }
          }
        }
      }
    }
    return panels;
  }

  function convolution(step, x, weight, bias) {
    const [rows, perGroup, ...kernel] = weight.shape;
    const [[, channels, ...size], [, , ...outSize]] = [x.shape, step.shape];
    const [groups, places] = [step.groups, sizeOf(outSize)];
    const [groupRows, length] = [rows / groups, perGroup * sizeOf(kernel)];
    step.panels ??= Array.from({ length: groups }, (_, g) => panelsOf(weight.data, g * groupRows * length, groupRows, length));
    const out = new Float32Array(sizeOf(step.shape));
    for (let n = 0; n < x.shape[0]; n += 1) {
      for (let g = 0; g < groups; g += 1) {
        const seen = patches(x.data, (n * channels + g * perGroup) * sizeOf(size), perGroup, size, outSize, kernel, step);
        product(step.panels[g], seen, groupRows, places, length, out, (n * rows + g * groupRows) * places, bias?.data, g * groupRows);
      }
    }
    return out;
  }

  // The other way round: every place of x spreads the kernel, times its value, over the result.
  function convolutionTranspose(step, x, weight, bias) {
    const [channels, perGroup, kernelHeight, kernelWidth] = weight.shape;
    const [[, , height, width], [, outChannels, outHeight, outWidth]] = [x.shape, step.shape];
    const { stride, padding, dilation, groups } = step;
    const [places, groupChannels, area] = [height * width, channels / groups, kernelHeight * kernelWidth];
    const rows = perGroup * area;
    step.panels ??= Array.from({ length: groups }, (_, g) => panelsOf(weight.data, g * groupChannels * rows, rows, groupChannels, 1, rows));
    const out = new Float64Array(sizeOf(step.shape));
    const spread = new Float64Array(rows * places);
    for (let n = 0; n < x.shape[0]; n += 1) {
      for (let g = 0; g < groups; g += 1) {
        const seen = panelsOf(x.data, (n * channels + g * groupChannels) * places, places, groupChannels, 1, places);
        product(step.panels[g], seen, rows, places, groupChannels, spread, 0);
        for (let row = 0; row < rows; row += 1) {
          const [channel, ky, kx] = [Math.floor(row / area), Math.floor((row % area) / kernelWidth), row % kernelWidth];
          const to = (n * outChannels + g * perGroup + channel) * outHeight;
          for (let y = 0; y < height; y += 1) {
            const oy = y * stride[0] + ky * dilation[0] - padding[0];
            if (oy < 0 || oy >= outHeight) continue;
            for (let at = 0; at < width; at += 1) {
              const ox = at * stride[1] + kx * dilation[1] - padding[1];
              if (ox >= 0 && ox < outWidth) out[(to + oy) * outWidth + ox] += spread[row * places + y * width + at];
            }
          }
        }
      }
    }
    return bias ? affine(step, { data: out }, null, bias) : Float32Array.from(out);
  }

  // y = scale · x + shift, with a scale and a shift for every channel, axis 1.
  function affine({ shape }, x, scale, shift) {
    const [channels, inner] = [shape[1], sizeOf(shape.slice(2))];
    const out = new Float32Array(x.data.length);
    for (let i = 0, channel = 0; i < out.length; channel = (channel + 1) % channels) {
      const [factor, more] = [scale ? scale.data[channel] : 1, shift.data[channel]];
      for (const end = i + inner; i < end; i += 1) out[i] = factor * x.data[i] + more;
    }
    return out;
  }

  function linear(step, x, weight, bias) {
    const [columns, length] = weight.shape;
    const out = new Float32Array(sizeOf(step.shape));
    for (let i = 0; i < out.length; i += 1) {
      const column = i % columns;
      out[i] = dot(x.data, Math.floor(i / columns) * length, weight.data, column * length, length) + (bias ? bias.data[column] : 0);
    }
    return out;
  }

  // Every place of the result is read from a window of x, cut off at the borders: [first, behind the last] along an axis.
  function pool(step, x, windowAt, read) {
    const [height, width] = x.shape.slice(-2);
    const [outHeight, outWidth] = step.shape.slice(-2);
    const rows = Array.from({ length: outHeight }, (_, place) => windowAt(place, 0, height, outHeight));
    const columns = Array.from({ length: outWidth }, (_, place) => windowAt(place, 1, width, outWidth));
    const out = new Float32Array(sizeOf(step.shape));
    for (let i = 0, from = 0; i < out.length; from += height * width) {
      for (const [top, bottom] of rows) {
        for (const [left, right] of columns) {
          out[i] = read(x.data, from, width, top, bottom, left, right);
          i += 1;
        }
      }
    }
    return out;
  }

  const slides = ({ kernel, stride, padding }) => (place, axis, size) => {
    const first = place * stride[axis] - padding[axis];
    return [Math.max(0, first), Math.min(size, first + kernel[axis])];
  };
  const divides = (place, axis, size, count) => [Math.floor((place * size) / count), Math.ceil(((place + 1) * size) / count)];

  function highestIn(data, from, width, top, bottom, left, right) {
    let highest = -Infinity;
    for (let y = top; y < bottom; y += 1) {
      for (let i = from + y * width + left, end = i + right - left; i < end; i += 1) if (data[i] > highest) highest = data[i];
    }
    return highest;
  }

  const meanOver = (area) => (data, from, width, top, bottom, left, right) => {
    let sum = 0;
    for (let y = top; y < bottom; y += 1) {
      for (let i = from + y * width + left, end = i + right - left; i < end; i += 1) sum += data[i];
    }
    return sum / (area ?? (bottom - top) * (right - left));
  };

  // Reads x (n, C, h, w) at places (n, h', w', [x, y]), where -1 and 1 are the outer edges of x, or with align_corners the
  // centers of its outer pixels, and mixes the four pixels around.
  function gridSample(step, x, grid) {
    const [count, channels, height, width] = x.shape;
    const places = sizeOf(step.shape.slice(2));
    const out = new Float32Array(sizeOf(step.shape));
    const pixel = (value, size) => (step.align_corners ? ((value + 1) / 2) * (size - 1) : ((value + 1) * size - 1) / 2);
    for (let n = 0; n < count; n += 1) {
      for (let place = 0; place < places; place += 1) {
        let [px, py] = [pixel(grid.data[2 * (n * places + place)], width), pixel(grid.data[2 * (n * places + place) + 1], height)];
        if (step.border) [px, py] = [Math.min(width - 1, Math.max(0, px)), Math.min(height - 1, Math.max(0, py))];
        const [left, top] = [Math.floor(px), Math.floor(py)];
        for (const [row, vertical] of [[top, top + 1 - py], [top + 1, py - top]]) {
          if (row < 0 || row >= height) continue;
          for (const [column, horizontal] of [[left, left + 1 - px], [left + 1, px - left]]) {
            if (column < 0 || column >= width) continue;
            for (let channel = 0; channel < channels; channel += 1) {
              out[(n * channels + channel) * places + place] += vertical * horizontal * x.data[((n * channels + channel) * height + row) * width + column];
            }
          }
        }
      }
    }
    return out;
  }

  const sigmoid = (value) => 1 / (1 + Math.exp(-value));

  // x (n, frames, features) to the states (n, frames, hidden) of the last layer; gates in torch's order: input, forget, cell, output.
  function lstm(step, x, ...weights) {
    const [count, frames, hidden] = step.shape;
    let inputs = x;
    for (let layer = 0; layer < weights.length; layer += 4) {
      const [fromInput, fromState, inputBias, stateBias] = weights.slice(layer, layer + 4);
      const [size, out] = [fromInput.shape[1], new Float32Array(count * frames * hidden)];
      for (let n = 0; n < count; n += 1) {
        const cell = new Float64Array(hidden);
        let before = new Float32Array(hidden);
        for (let frame = n * frames; frame < (n + 1) * frames; frame += 1) {
          const gate = (row) => dot(inputs.data, frame * size, fromInput.data, row * size, size)
            + dot(before, 0, fromState.data, row * hidden, hidden) + inputBias.data[row] + stateBias.data[row];
          for (let i = 0; i < hidden; i += 1) {
            cell[i] = sigmoid(gate(hidden + i)) * cell[i] + sigmoid(gate(i)) * Math.tanh(gate(2 * hidden + i));
            out[frame * hidden + i] = sigmoid(gate(3 * hidden + i)) * Math.tanh(cell[i]);
          }
          before = out.subarray(frame * hidden, (frame + 1) * hidden);
        }
      }
      inputs = { data: out };
    }
    return inputs.data;
  }

  // --- moving numbers about ---

  // out[i] = x[places[i]]; the places are a table, or a start and a step along every axis.
  function take(step, x, table) {
    step.places ??= table?.data ?? evenPlaces(step);
    const out = new Float32Array(step.places.length);
    for (let i = 0; i < out.length; i += 1) out[i] = x.data[step.places[i]];
    return out;
  }

  function evenPlaces({ shape, start, steps }) {
    let places = [start];
    shape.forEach((size, axis) => {
      places = places.flatMap((place) => Array.from({ length: size }, (_, i) => place + i * steps[axis]));
    });
    return Int32Array.from(places);
  }

  function join({ shape, outer }, ...parts) {
    const out = new Float32Array(sizeOf(shape));
    for (let n = 0, to = 0; n < outer; n += 1) {
      for (const { data } of parts) {
        const size = data.length / outer;
        out.set(data.subarray(n * size, (n + 1) * size), to);
        to += size;
      }
    }
    return out;
  }

  // --- element by element, and row by row ---

  function relu(step, { data }) {
    const out = new Float32Array(data.length);
    for (let i = 0; i < out.length; i += 1) out[i] = data[i] > 0 ? data[i] : 0;
    return out;
  }

  const one = (rule) => (step, { data }) => {
    const out = new Float32Array(data.length);
    for (let i = 0; i < out.length; i += 1) out[i] = rule(data[i]);
    return out;
  };

  const two = (rule) => (step, ...sources) => {
    const out = new Float32Array(sizeOf(step.shape));
    const [a, b, c] = sources.map((source) => (typeof source === "number" ? new Float64Array(out.length).fill(source) : source.data));
    for (let i = 0; i < out.length; i += 1) out[i] = rule(a[i], b[i], c?.[i]);
    return out;
  };

  // One number for every `length` numbers.
  const reduce = (rule) => ({ length }, x) => Float32Array.from(
    { length: x.data.length / length }, (_, row) => rule(x.data.subarray(row * length, (row + 1) * length)));

  function softmax({ shape }, x) {
    const [length, out] = [shape.at(-1), new Float32Array(x.data.length)];
    for (let start = 0; start < out.length; start += length) {
      const row = x.data.subarray(start, start + length);
      const highest = row.reduce((most, value) => Math.max(most, value));
      const powers = Float64Array.from(row, (value) => Math.exp(value - highest));
      const sum = powers.reduce((total, value) => total + value);
      powers.forEach((value, i) => { out[start + i] = value / sum; });
    }
    return out;
  }

  function gather({ shape }, x, places) {
    const [length, count] = [x.shape.at(-1), shape.at(-1)];
    return places.data.map((place, i) => x.data[Math.floor(i / count) * length + place]);
  }

  const sum = (row) => row.reduce((total, value) => total + value, 0);
  const floored = (a, b) => Math.floor(a / b);

  const OPERATIONS = {
    convolution, convolution_transpose: convolutionTranspose, affine, linear, lstm, relu, softmax, gather, join, take,
    max_pool: (step, x) => pool(step, x, slides(step), highestIn),
    average_pool: (step, x) => pool(step, x, slides(step), meanOver(step.count_padding ? sizeOf(step.kernel) : undefined)),
    adaptive_average_pool: (step, x) => pool(step, x, divides, meanOver()),
    grid_sample: gridSample,
    reshape: (step, x) => x.data,
    clamp: ({ low, high }, x) => x.data.map((value) => Math.min(high ?? Infinity, Math.max(low ?? -Infinity, value))),
    sigmoid: one(sigmoid), tanh: one(Math.tanh), exp: one(Math.exp), log: one(Math.log), sqrt: one(Math.sqrt), abs: one(Math.abs),
    negative: one((a) => -a), not: one((a) => (a ? 0 : 1)),
    add: two((a, b) => a + b), subtract: two((a, b) => a - b), multiply: two((a, b) => a * b), divide: two((a, b) => a / b),
    power: two((a, b) => a ** b), maximum: two((a, b) => Math.max(a, b)), minimum: two((a, b) => Math.min(a, b)), atan2: two(Math.atan2),
    floor_divide: two(floored), remainder: two((a, b) => a - b * floored(a, b)),
    greater: two((a, b) => a > b), greater_equal: two((a, b) => a >= b), less: two((a, b) => a < b), less_equal: two((a, b) => a <= b),
    and: two((a, b) => a && b ? 1 : 0), or: two((a, b) => a || b ? 1 : 0), where: two((a, b, c) => (a ? b : c)),
    sum: reduce(sum), mean: reduce((row) => sum(row) / row.length), length: reduce((row) => Math.hypot(...row)),
    highest: reduce((row) => row.reduce((most, value) => Math.max(most, value))),
    lowest: reduce((row) => row.reduce((least, value) => Math.min(least, value))),
    place_of_highest: reduce((row) => row.reduce((best, value, i) => (value > row[best] ? i : best), 0)),
  };

  return class Network {
    constructor(exported) {
      const { inputs, outputs, layers } = exported;
      Object.assign(this, { inputs, outputs, layers }); // names → shapes of inputs, and steps behind the others
      this.weights = weightsOf(exported);
      this.steps = exported.steps.map((step) => ({ ...step })); // they keep what they need only once
    }

    // A network in a file beside the page (written with Python's network_file), read when it is first asked for: a page
    // from disk may load a script, but not fetch.
    static async load(address) {
      const name = address.split("/").at(-1);
      const loading = (globalThis.ferNetworks ??= {});
      loading[name] ??= new Promise((done, failed) => {
        const onerror = () => {
          delete loading[name]; // it may be there the next time
          failed(new Error(`the network ${address} could not be loaded`));
        };
        document.head.append(ui.html("script", { onload: () => done(globalThis.ferNetworkFiles[name]), onerror, src: address }));
      });
      return new Network(await loading[name]);
    }

    // The picture behind an address (Python's image_url) as an input: red, green, blue, 3·H·W numbers from 0 to 1.
    static async pixels(address) {
      const picture = ui.html("img", { src: address });
      await picture.decode();
      const [width, height] = [picture.naturalWidth, picture.naturalHeight];
      const brush = ui.html("canvas", { width, height }).getContext("2d");
      brush.drawImage(picture, 0, 0);
      const { data } = brush.getImageData(0, 0, width, height); // red, green, blue and opacity of each pixel
      const area = width * height;
      return Float32Array.from({ length: 3 * area }, (_, i) => data[4 * (i % area) + Math.floor(i / area)] / 255);
    }

    // The results of that name, each { data, shape }; by default all outputs.
    run(inputs, wanted = Object.keys(this.outputs)) {
      const stepOf = (name) => this.outputs[name] ?? this.layers[name] ?? name;
      const values = { ...this.weights };
      for (const [name, data] of Object.entries(inputs)) {
        const shape = this.inputs[name] ?? this.steps.find((step) => step.name === stepOf(name))?.shape;
        if (!shape) throw new Error(`the network has no input ${name}; it has ${Object.keys(this.inputs).join(", ")}`);
        if (data.length !== sizeOf(shape)) throw new Error(`${name} has ${data.length} numbers; expected ${shape.join(" × ")}`);
        values[stepOf(name)] = { data, shape };
      }
      const needed = new Set(wanted.map(stepOf));
      const todo = this.steps.toReversed().filter((step) => {
        if (!needed.has(step.name) || values[step.name]) return false;
        step.from.forEach((source) => needed.add(source));
        return true;
      });
      for (const step of todo.reverse()) {
        const sources = step.from.map((source) => (typeof source === "number" ? source : values[source]));
        const missing = sources.indexOf(undefined);
        if (missing >= 0) throw new Error(`the input ${step.from[missing]} is missing`);
        values[step.name] = { data: OPERATIONS[step.operation](step, ...sources), shape: step.shape };
      }
      return Object.fromEntries(wanted.map((name) => {
        if (!values[stepOf(name)]) throw new Error(`the network has no output ${name}; it has ${Object.keys(this.outputs).join(", ")}`);
        return [name, values[stepOf(name)]];
      }));
    }
  };
})();
