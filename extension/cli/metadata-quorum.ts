import { existsSync } from 'node:fs';
import type { Admin } from '../client/admin.ts';
import {
  commandTool,
  CONFIG_OPTION,
  CONTROLLER_OPTION,
  propertiesFrom,
  SERVER_OPTION,
  withAdmin,
} from './command-tool.ts';
import { directoryIdOf, newControllerOf } from './controller-properties.ts';
import { replicationTable, statusText } from './metadata-quorum-text.ts';
import type { CommandLine, SubOption } from './sub-commands.ts';
import { print, type ToolIo } from './tool-io.ts';

const DRY_RUN: SubOption = { flags: ['--dry-run'], about: 'Print what would be done.' };

/** `kafka-metadata-quorum`: the state of the metadata quorum, and who votes in it. */
export const run = commandTool({
  program: 'kafka-metadata-quorum',
  about: 'Describes the metadata quorum, gives controllers a vote and takes it.',
  options: [
    {
      ...CONFIG_OPTION,
      about: `${CONFIG_OPTION.about} With add-controller: the properties of the controller, too.`,
    },
    { oneOf: [SERVER_OPTION, CONTROLLER_OPTION] },
  ],
  commands: [
    {
      name: 'describe',
      about: 'Print the state of the quorum.',
      options: [
        { flags: ['--status'], about: 'Leader, epoch, lag and members.' },
        { flags: ['--replication'], about: 'Every replica and how far it is.' },
        { flags: ['--human-readable'], about: 'With --replication: times as durations.' },
      ],
    },
    {
      name: 'add-controller',
      about: 'Give a vote to a controller that runs and follows; --command-config names its server.properties.',
      options: [DRY_RUN],
    },
    {
      name: 'remove-controller',
      about: 'Take the vote of a controller.',
      options: [
        {
          flags: ['--controller-directory-id', '-d'],
          argument: 'DIRECTORY_ID',
          about: 'The directory of its metadata log, as describe prints it.',
          isRequired: true,
        },
        {
          flags: ['--controller-id', '-i'],
          argument: 'ID',
          about: 'The controller.',
          isRequired: true,
          isInteger: true,
        },
        DRY_RUN,
      ],
    },
  ],
  isHelpSuccess: true,
  execute: async (line, io) => {
    const path = line.value('--command-config');
    if (path !== undefined && !existsSync(path)) throw new Error(`Properties file ${path} does not exists!`);
    const properties = propertiesFrom(path);
    const work = planned(line, path === undefined ? undefined : properties, io);
    await withAdmin(line, properties, io, work);
    return 0;
  },
});

/** What to do with the cluster; arguments are checked before anybody is asked. */
function planned(
  line: CommandLine,
  properties: ReadonlyMap<string, string> | undefined,
  io: ToolIo,
): (admin: Admin) => Promise<void> {
  switch (line.command) {
    case 'add-controller':
      return adding(line, properties, io);
    case 'remove-controller':
      return removing(line, io);
    default:
      return describing(line, io);
  }
}

function describing(line: CommandLine, io: ToolIo): (admin: Admin) => Promise<void> {
  const isStatus = line.has('--status');
  const isReadable = line.has('--human-readable');
  if (isStatus && line.has('--replication')) {
    throw new Error('Only one of --status or --replication should be specified with describe sub-command');
  }
  if (isStatus && isReadable) {
    throw new Error('The option --human-readable is only supported along with --replication');
  }
  if (!isStatus && !line.has('--replication')) {
    throw new Error('One of --status or --replication must be specified with describe sub-command');
  }
  return async (admin) => {
    const quorum = await admin.describeQuorum();
    if (isStatus) {
      const { clusterId } = await admin.describeCluster();
      print(io.stdout, statusText(clusterId ?? '', quorum));
    } else {
      print(io.stdout, replicationTable(quorum, isReadable ? Date.now() : undefined));
    }
  };
}

function adding(
  line: CommandLine,
  properties: ReadonlyMap<string, string> | undefined,
  io: ToolIo,
): (admin: Admin) => Promise<void> {
  if (properties === undefined) {
    throw new Error(
      'You must supply the configuration file of the controller you are adding when using add-controller.',
    );
  }
  const { nodeId, directoryId, endpoints } = newControllerOf(properties);
  const listed = endpoints.map(({ name, host, port }) => `${name}://${host}:${port}`).join(', ');
  const what = `controller ${nodeId} with directory id ${directoryId} and endpoints: ${listed}`;
  return async (admin) => {
    const isTrial = line.has('--dry-run');
    if (!isTrial) await admin.addVoter({ nodeId, directoryId }, endpoints);
    print(io.stdout, `${isTrial ? 'DRY RUN of adding' : 'Added'} ${what}`);
  };
}

function removing(line: CommandLine, io: ToolIo): (admin: Admin) => Promise<void> {
  const nodeId = line.integer('--controller-id')!;
  if (nodeId < 0) throw new Error(`Invalid negative --controller-id: ${nodeId}`);
  const directoryId = directoryIdOf(line.value('--controller-directory-id')!);
  return async (admin) => {
    const isTrial = line.has('--dry-run');
    if (!isTrial) await admin.removeVoter({ nodeId, directoryId });
    // Kafka has two blanks here, and scripts may look for them.
    print(
      io.stdout,
      `${isTrial ? 'DRY RUN of removing' : 'Removed'}  KRaft controller ${nodeId} with directory id ${directoryId}`,
    );
  };
}
