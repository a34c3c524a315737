// Prints what is wrong with an AsyncAPI document, a line for each finding; nothing when it is sound.
//
//   NODE_PATH=<where `npm ci` has put package.json's> node judge.cjs FILE
//
// AsyncAPI's parser resolves every reference and holds the document against the specification. Payloads in a schema
// language other than its own it leaves alone, so a validator of that language judges these and their examples.
const { Parser, fromFile } = require('@asyncapi/parser');
const Ajv = require('ajv/dist/2020');
const addFormats = require('ajv-formats');

const SEVERITIES = ['error', 'warning', 'information', 'hint'];

function ofPayload(message) {
  // The parser notes names in the schemas that it has read.
  const ajv = new Ajv({ allErrors: true, strictTypes: false });
  ajv.addVocabulary(['x-parser-schema-id', 'x-parser-original-payload']);
  addFormats(ajv);
  const found = (words) => `error payload ${message.id()}: ${words}`;
  let validate;
  try {
    validate = ajv.compile(message.payload().json().schema);
  } catch (error) {
    return [found(error.message)];
  }
  return message.examples().all().flatMap((example) => {
    const faults = validate(example.payload()) ? [] : validate.errors;
    return faults.map((fault) => found(`example ${example.name()}: ${fault.instancePath} ${fault.message}`));
  });
}

async function judge(file) {
  const { document, diagnostics } = await fromFile(new Parser(), file).parse();
  const findings = diagnostics.map(({ severity, code, path, message }) => {
    return `${SEVERITIES[severity]} ${code} ${path.join('.')}: ${message}`;
  });
  const messages = document?.components().messages().all() ?? [];
  const described = messages.filter((message) => message.hasPayload());
  return [...findings, ...described.flatMap(ofPayload)];
}

judge(process.argv[2]).then((findings) => findings.forEach((finding) => console.log(finding)));
