/** A service connection, as the variables from which pullgate logs in. Nothing of it becomes an argument. */

import * as tl from 'azure-pipelines-task-lib/task';

export interface Connection {
  /** Variables of pullgate's process; `undefined` takes one away that the job has. */
  environment: Record<string, string | undefined>;
  /** Inputs that the connection knows, for those that are empty. */
  defaults: Record<string, string>;
}

const CLOUDS: Record<string, string> = { AzureCloud: 'public', AzureUSGovernment: 'usgov', AzureChinaCloud: 'china' };
const OTHERS = [
  'AZURESUBSCRIPTION_SERVICE_CONNECTION_ID', 'AZURESUBSCRIPTION_TENANT_ID', 'AZURESUBSCRIPTION_CLIENT_ID',
  'AZURE_SERVICE_CONNECTION_ID', 'AZURE_TENANT_ID', 'AZURE_CLIENT_ID', 'AZURE_CLIENT_SECRET', 'AZURE_FEDERATED_TOKEN_FILE',
];

/** Reads the connection with this id; throws where it cannot be used. */
export function connectionOf(id: string): Connection {
  const parameter = (key: string) => tl.getEndpointAuthorizationParameter(id, key, true);
  // What another task left behind must not log in as somebody else.
  const environment: Record<string, string | undefined> = Object.fromEntries(OTHERS.map((name) => [name, undefined]));
  const scheme = tl.getEndpointAuthorizationScheme(id, true)?.toLowerCase();
  switch (scheme) {
    case 'workloadidentityfederation':
      environment.AZURESUBSCRIPTION_SERVICE_CONNECTION_ID = id;
      environment.AZURESUBSCRIPTION_TENANT_ID = parameter('tenantid');
      environment.AZURESUBSCRIPTION_CLIENT_ID = parameter('serviceprincipalid');
      // The job's own token, with which the connection's is asked for.
      environment.SYSTEM_ACCESSTOKEN = tl.getEndpointAuthorizationParameter('SYSTEMVSSCONNECTION', 'AccessToken', true);
      environment.SYSTEM_OIDCREQUESTURI = tl.getVariable('System.OidcRequestUri') ?? process.env.SYSTEM_OIDCREQUESTURI;
      break;
    case 'serviceprincipal':
      if (parameter('authenticationType') === 'spnCertificate') {
        throw new Error('the service connection logs in with a certificate; convert it to workload identity federation');
      }
      environment.AZURE_TENANT_ID = parameter('tenantid');
      environment.AZURE_CLIENT_ID = parameter('serviceprincipalid');
      environment.AZURE_CLIENT_SECRET = parameter('serviceprincipalkey');
      break;
    case 'managedserviceidentity':
      break;
    default:
      throw new Error(`the service connection's way to log in, ${scheme ?? 'none'}, is not known`);
  }
  const data = (key: string) => tl.getEndpointDataParameter(id, key, true);
  const cloud = data('environment');
  const known = {
    subscription: data('subscriptionid'),
    tenant: parameter('tenantid'),
    cloud: cloud === undefined ? undefined : CLOUDS[cloud],
  };
  const defaults = Object.entries(known).filter((entry): entry is [string, string] => Boolean(entry[1]));
  return { environment, defaults: Object.fromEntries(defaults) };
}
