/** Version of the services, as telemetry and agent cards show it. */
export const version = '0.1.0'
