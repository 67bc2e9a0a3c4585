/** With this exit code a service says that it could not start and that starting it again will not help (EX_CONFIG of BSD's sysexits.h). */
export const startRefusedExitCode = 78
