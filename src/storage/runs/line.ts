/** SQL: what runs of one input have in common, whatever they are as of; of a row with an `input`. */
export const LINE = "md5((case jsonb_typeof(input) when 'object' then input - 'asOf' else input end)::text)";
