#include "../include/list.h"

#include <stdio.h>

/* XXX: nothing is freed */
int main(void)
{
    struct list *head = NULL;
    for (int i = 0; i < 10; i++)
        head = list_push(head, i);
    printf("%d\n", list_sum(head));
    return 0;
}
