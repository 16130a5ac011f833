import { action, serve } from '../../shared/runtime/serve';
import * as contract from '../../shared/task/contract';
import {
  approveTasks,
  completeTask,
  createTask,
  deleteTask,
  getTask,
  hideSystemTasks,
  listTasks,
  rejectTasks,
  uncompleteTask,
  updateTask,
} from '../../shared/task/operations';

export const main = serve('task', {
  list: action(contract.list, listTasks),
  create: action(contract.create, createTask),
  update: action(contract.update, updateTask),
  delete: action(contract.remove, deleteTask),
  complete: action(contract.complete, completeTask),
  get: action(contract.get, getTask),
  approve: action(contract.approve, approveTasks),
  reject: action(contract.reject, rejectTasks),
  hideSystem: action(contract.hideSystem, hideSystemTasks),
  uncomplete: action(contract.uncomplete, uncompleteTask),
});
