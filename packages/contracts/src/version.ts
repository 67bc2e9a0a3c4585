/** Version of Weft, as telemetry, agent cards and the API description show it. */
export const weftVersion = '0.1.0'
