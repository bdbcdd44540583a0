/** Runs the task under the task library's mock runner, with a program that passes. */

import * as path from 'path';
import { TaskMockRunner } from 'azure-pipelines-task-lib/mock-run';

const runner = new TaskMockRunner(path.join(__dirname, '..', 'src', 'index.js'));
runner.setInput('manifest', 'app.yaml');
runner.setInput('offline', 'true');
runner.setInput('binary', '/bin/true');
runner.setAnswers({});
runner.run();
