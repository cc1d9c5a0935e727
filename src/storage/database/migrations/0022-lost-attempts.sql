-- An attempt that was lost with its worker could not note that itself: the one after it does. The worker's name, empty where nobody knows it.
alter table task_attempts add column lost_with text;
