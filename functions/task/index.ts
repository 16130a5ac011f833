import { action, serve } from '../../shared/runtime/serve';
import * as contract from '../../shared/task/contract';
import { completeTask, createTask, deleteTask, listTasks, uncompleteTask, updateTask } from '../../shared/task/operations';

export const main = serve('task', {
  list: action(contract.list, listTasks),
  create: action(contract.create, createTask),
  update: action(contract.update, updateTask),
  delete: action(contract.remove, deleteTask),
  complete: action(contract.complete, completeTask),
  uncomplete: action(contract.uncomplete, uncompleteTask),
});
