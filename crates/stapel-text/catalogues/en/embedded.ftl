### embedded
